// Tells which window is active, and whether it fills the screen. Before 6.0 other names were used.
var focused = null;

// Of X11's windows: the class, and where it is an id, the name, for GTK writes the class with a capital.
function nameOf(window) {
    var name = String(window.resourceName || "");
    var group = String(window.resourceClass || "");
    return name.indexOf(".") >= 0 && name.toLowerCase() === group.toLowerCase() ? name : group;
}

function tell() {
    var window = workspace.activeWindow || workspace.activeClient;
    if (window !== focused) {
        if (focused) {
            try { focused.fullScreenChanged.disconnect(tell); } catch (gone) {}
        }
        focused = window;
        if (focused) {
            focused.fullScreenChanged.connect(tell);
        }
    }
    var isApp = window && window.normalWindow;
    var id = isApp ? String(window.desktopFileName || nameOf(window)) : "";
    callDBus(quietd.to, "/org/quietd/Focus", quietd.interface, "Told", quietd.token, id, Boolean(isApp && window.fullScreen));
}

(workspace.windowActivated || workspace.clientActivated).connect(tell);
tell();
