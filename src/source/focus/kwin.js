// Tells which window is active, and whether it fills the screen. Before 6.0 other names were used.
var focused = null;
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
    var id = isApp ? String(window.desktopFileName || window.resourceClass || "") : "";
    callDBus(quietd.to, "/org/quietd/Focus", quietd.interface, "Told", quietd.token, id, Boolean(isApp && window.fullScreen));
}
(workspace.windowActivated || workspace.clientActivated).connect(tell);
tell();
