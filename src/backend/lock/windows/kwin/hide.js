// Minimises windows; before 6.0 it also keeps them minimised and out of the task bar, while quietd has its name.
var windows = workspace.windowList ? workspace.windowList() : workspace.clientList();
var told = [];
var keeps = false;

function wanted(window) {
    for (var i = 0; window && i < quietd.windows.length; i++) {
        var one = quietd.windows[i];
        if (String(window.internalId) === one.id && window.pid === one.pid) {
            return one;
        }
    }
    return null;
}

function hide(window) {
    if (wanted(window).keeps) {
        window.skipTaskbar = true;
        window.skipPager = true;
        window.skipSwitcher = true;
        keeps = true;
    }
    window.minimized = true;
}

function again(window) {
    if (!wanted(window) || window.minimized) {
        return;
    }
    callDBus("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner", quietd.name,
        function (isThere) {
            if (isThere) {
                hide(window);
            }
        });
}

for (var i = 0; i < windows.length; i++) {
    if (wanted(windows[i])) {
        hide(windows[i]);
    }
}
if (keeps) {
    workspace.clientUnminimized.connect(again);
    workspace.clientActivated.connect(again);
}
