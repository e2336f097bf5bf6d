// Shows windows again, where they are still as the other script left them.
var told = [];
var windows = workspace.windowList ? workspace.windowList() : workspace.clientList();
for (var i = 0; i < windows.length; i++) {
    for (var j = 0; j < quietd.windows.length; j++) {
        var window = windows[i];
        var was = quietd.windows[j];
        if (String(window.internalId) !== was.id || window.pid !== was.pid) {
            continue;
        }
        if (was.keeps) {
            window.skipTaskbar = was.skips[0];
            window.skipPager = was.skips[1];
            window.skipSwitcher = was.skips[2];
        }
        if (window.minimized) {
            window.minimized = false;
        }
    }
}
