"use strict";

// Takes the colours out of every window that is shown, for as long as this effect is loaded. KWin 5.27 to 6.
//
// An animation that stays keeps its window painted, also one that is minimised or on another desktop: such a window is
// let go, and taken again when it is shown.

function withoutColour(duration) {
    return { type: Effect.Saturation, to: 0, duration: duration };
}

function take(window, duration) {
    if (!window.withoutColour) {
        // A window that closes stays grey to its end, and is not held beyond it.
        window.withoutColour = set({ window: window, keepAlive: false, animations: [withoutColour(duration)] });
    }
}

function letGo(window) {
    if (window.withoutColour) {
        cancel(window.withoutColour);
        delete window.withoutColour;
    }
}

function look(window) {
    if (window.visible) {
        take(window, 1);
    } else {
        letGo(window);
    }
}

function lookAtAll() {
    effects.stackingOrder.forEach(function (window) {
        // While desktops slide past, those that leave are still seen.
        if (window.visible || !effects.hasActiveFullScreenEffect) {
            look(window);
        }
    });
}

function minimised(window) {
    letGo(window);
    const duration = animationTime(250);
    if (duration > 1) {
        // As long as KWin takes to make it small.
        animate({ window: window, animations: [{ type: Effect.Saturation, from: 0, to: 0, duration: duration }] });
    }
}

function added(window) {
    if (window.minimizedChanged) {
        window.minimizedChanged.connect(function () {
            if (window.minimized) {
                minimised(window);
            } else {
                look(window);
            }
        });
    }
    if (window.windowDesktopsChanged) {
        window.windowDesktopsChanged.connect(look);
    }
}

effects.stackingOrder.forEach(function (window) {
    added(window);
    if (window.visible) {
        take(window, animationTime(400));
    }
});
effects.windowAdded.connect(function (window) {
    added(window);
    look(window);
});
// 5.27 tells of these here, later versions at each window.
if (effects.windowMinimized) {
    effects.windowMinimized.connect(minimised);
    effects.windowUnminimized.connect(look);
}
if (effects.desktopPresenceChanged) {
    effects.desktopPresenceChanged.connect(look);
}
(effects["desktopChanged(int,int)"] || effects.desktopChanged).connect(lookAtAll);
effects.currentActivityChanged.connect(lookAtAll);
effects.activeFullScreenEffectChanged.connect(lookAtAll);
