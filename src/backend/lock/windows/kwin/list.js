// Tells the windows of some processes that are to be seen. Before 6.0 other names were used.
var isFive = !workspace.windowList;
var windows = isFive ? workspace.clientList() : workspace.windowList();
var told = [];
for (var i = 0; i < windows.length; i++) {
    var window = windows[i];
    if (quietd.pids.indexOf(window.pid) < 0 || window.minimized || !(window.normalWindow || window.dialog)) {
        continue;
    }
    told.push({
        id: String(window.internalId),
        pid: window.pid,
        // X11's windows have a number; for those, there is a question first.
        kills: isFive && !window.windowId,
        keeps: isFive,
        skips: [window.skipTaskbar, window.skipPager, window.skipSwitcher]
    });
}
