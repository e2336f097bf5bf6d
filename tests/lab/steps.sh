# steps.sh: what every case does, on a desktop that the case describes. Sourced by the files in cases/, which say first:
#
#   desktop=(KIND [NOTIFIER])     what `desktop` starts
#   settings                      prints, as text, every setting of this desktop that a measure may change
#   light                         prints how bright the screen is, 0 to 1
#   says_quiet                    whether the desktop's own do-not-disturb setting is on
#   notification_shows            whether a new ordinary notification is seen on the screen
#   blue_to_red                   prints how much blue the screen has to its red (warm is less)
#   by_hand quiet|dim|warm|grey|open    does what the measures do with the desktop's own tools, and undoes it
#   in_batches=yes                notifications that come through at set times are looked at here; it takes a minute
#   colourful                     prints how colourful the screen is; only where greyscale is to be had
#   in_the_middle                 looks, while it is quiet, at what only this desktop has; where there is such a thing
#   beside_another                looks how quietd gets on with another program; where there is one
#
# and, where the desktop has it:
#
#   prepare                       what is there before the desktop starts: a service's own config
#   before_setup                  what is checked before `quietctl setup`; setup_options=(...) are given to that
#   restart_service               restarts the program that shows notifications, and returns when it is back
#   person_changes                does by hand, in the midst of quiet, what lets notifications show again
#   person_undoes                 looks whether what they did is still so, and undoes it, where that leaves a trace
#   changes_are_told              whether the desktop tells programs of that; not asked where it always does
#   after_removal                 what is checked when quietd is removed again
#   own_checks                    what else is checked of quietd on this desktop
#
# Everything is read back from the desktop itself, never from quietd. The first part changes the settings by hand, so
# that a check that cannot fail is noticed before quietd is judged by it.
# shellcheck shell=bash
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
case_name=$(basename "$0")
lab=${1:?LAB} out=${2:?FOLDER} part=${3:-all}
passed=0 failed=0
setup_options=()
# What makes a notification urgent.
urgently=(-u critical)
mkdir -p "$out"

sh() { "$here/lab" sh "$lab" "$@"; }
user() { "$here/lab" user "$lab" "$@"; }
wait_for() { user /src/tests/lab/wait-for "$@"; }
# With the session's variables, as a program that the person starts has them.
session() { user bash -c 'path=$PATH; set -a; eval "$(systemctl --user show-environment)"; PATH=$path; exec "$@"' - "$@"; }
put() { user sh -c 'mkdir -p "${1%/*}" && cat >"$1"' - "$1"; }
say() { printf '\n%s\n' "$*"; }
check() {
  local what=$1; shift
  if "$@"; then passed=$((passed + 1)); echo "  ok      $what"; else failed=$((failed + 1)); echo "  FAILED  $what"; fi
}
must() { local what=$1; shift; check "$what" "$@"; ((failed == 0)) || finish; }
not() { ! "$@"; }
calc() { awk "BEGIN { exit !($1) }"; }
finish() {
  ((failed == 0)) || {
    say "The journal's end:"
    user journalctl --user --no-pager -n 60 -o short-precise || true
  }
  say "$case_name: $passed passed, $failed failed"
  exit $((failed > 0))
}

# Takes a picture of the screen, keeps it with the logs, and leaves its file's name in $picture.
picture() {
  picture=$out/$(date +%H%M%S.%3N)-$1.png
  session /src/tests/lab/picture "${desktop[0]}" /tmp/picture.png && user cat /tmp/picture.png >"$picture"
}
# $1 of $picture, an expression of ImageMagick's: mean.r, saturation ...
measure() { convert "$picture" -colorspace sRGB -format "%[fx:$1]" info:; }
picture_light() { picture light && measure '(mean.r+mean.g+mean.b)/3'; }
picture_blue_to_red() { picture warmth && measure 'mean.b/(mean.r+0.01)'; }
picture_colourful() { picture colours && convert "$picture" -colorspace HSL -channel G -separate -format '%[fx:mean]' info:; }
# How many of $picture's pixels are red, or green, and nothing else; dimmed ones count too.
pixels() {
  local others
  [[ $1 == R ]] && others=GB || others=RB
  convert "$picture" -alpha off -colorspace sRGB -channel "$1" -threshold 30% -channel "$others" -threshold 17% -negate +channel \
    -separate -evaluate-sequence multiply -format '%[fx:int(mean*w*h)]' info:
}

# Pixels have no event that says they have changed, or that they have stopped to: pictures are taken until they are as
# expected, at most for so many.
pictures_until() {
  local most=$1 name=$2; shift 2
  while ((most-- > 0)); do picture "$name" && "$@" && return; done
  return 1
}
same_twice() { local now; now=$(convert "$picture" rgb:- | sha256sum); [[ $now == "${last:-}" ]] || { last=$now; false; }; }
settle() { last=; pictures_until 30 settle same_twice; }

# A comparison of many values has no event of its own either: it is made until it holds, at most for five seconds.
within() { local end=$((SECONDS + $1)); shift; until "$@"; do ((SECONDS < end)) || return; done; }
soon() { within 5 "$@"; }

# Whether an ordinary notification, with a red picture, is seen. Where it is not, an urgent one with a green picture is
# sent after it, which comes through everywhere this is used: by the time the green is seen, the red would have been.
has_red() { (($(pixels R) >= 200)); }
has_green() { (($(pixels G) >= 200)); }
no_icons() { not has_red && not has_green; }
red_before_green() {
  local red green seen=1
  red=$(user notify-send -p -h string:image-path:/tmp/red.png Ordinary "to be held while it is quiet")
  picture ordinary
  if has_red; then
    seen=0
  else
    green=$(user notify-send -p "${urgently[@]}" -h string:image-path:/tmp/green.png Urgent "comes through")
    red_or_green() { has_red || has_green; }
    pictures_until 30 urgent red_or_green || check "the urgent notification shows" false
    not has_red || seen=0
    close_notification "$green"
  fi
  close_notification "$red"
  pictures_until 30 closed no_icons || check "a closed notification goes away" false
  return "$seen"
}
# The same where urgent ones are held as well, so that nothing can be waited for: one that is shown is in the first or the
# second picture after the service has answered, and this takes six.
red_in_six() {
  local id shown=0
  id=$(user notify-send -p -h string:image-path:/tmp/red.png Ordinary "to be held while it is quiet") ||
    check "the service takes a notification" false
  pictures_until 6 ordinary has_red || shown=1
  close_notification "$id"
  pictures_until 30 closed no_icons || check "a closed notification goes away" false
  return "$shown"
}
close_notification() {
  user busctl --user call org.freedesktop.Notifications /org/freedesktop/Notifications org.freedesktop.Notifications \
    CloseNotification u "$1" 2>/dev/null || true
}

# An app with a unit, that does nothing but count; one byte is one.
app=org.example.Counter
start_app() {
  put ".local/share/applications/$app.desktop" <<DESKTOP
[Desktop Entry]
Type=Application
Name=Counter
Exec=/tmp/counter
DESKTOP
  put /tmp/counter <<'COUNTER'
#!/bin/bash
while read -rt 0.02 <> <(:) || true; do printf . >>/tmp/counter.count; done
COUNTER
  user sh -c 'chmod +x /tmp/counter && : >/tmp/counter.count'
  user systemd-run --user --quiet --collect --slice=app.slice --unit="app-$app@1.service" /tmp/counter
  app_events=/sys/fs/cgroup$(user systemctl --user show -P ControlGroup "app-$app@1.service")/cgroup.events
  app_runs
}
count() { user stat -c %s /tmp/counter.count; }
app_is_frozen() {
  wait_for line "$app_events" "frozen 1" || return
  local before; before=$(count)
  # A picture takes many times longer than the app takes to count one further.
  picture frozen
  [[ $(count) == "$before" ]]
}
app_runs() { wait_for line "$app_events" "frozen 0" && wait_for growth /tmp/counter.count "$(count)"; }

all_settings() { settings; user systemctl --user show -p FreezerState "app-$app@1.service"; }
same_settings() { all_settings >"$out/settings-now"; diff "$out/settings-before" "$out/settings-now" >"$out/settings-differ"; }
dimmed_to() { local now; now=$(light); calc "$now / $light_before > $1 && $now / $light_before < $2"; }
warmer() { calc "$(blue_to_red) < 0.9 * $blue_before"; }
grey() { calc "$(colourful) < 0.02"; }
as_before() {
  check "every setting is as before" soon same_settings || true
  [[ ! -s $out/settings-differ ]] || sed 's/^/            /' "$out/settings-differ"
  check "the screen is as bright as before" soon dimmed_to 0.98 1.02
  check "the app runs" app_runs
}
remember() {
  all_settings >"$out/settings-before"
  light_before=$(light) blue_before=$(blue_to_red)
}

checks_by_hand() {
  say "The checks see what is changed by hand"
  check "the desktop does not say that it is quiet" not says_quiet
  by_hand quiet
  check "the desktop says that it is quiet" says_quiet
  check "an ordinary notification does not show" not notification_shows
  check "the changed setting is seen" not same_settings
  by_hand dim
  check "the screen is darker" soon dimmed_to 0.3 0.75
  by_hand open
  by_hand warm
  check "the screen is warmer" soon warmer
  by_hand open
  if has colourful; then
    check "the screen has colours" not grey
    by_hand grey
    check "the screen has none" soon grey
    by_hand open
  fi
  user systemctl --user freeze "app-$app@1.service"
  check "the frozen app is seen not to count" app_is_frozen
  check "the frozen app is a changed setting" not same_settings
  user systemctl --user thaw "app-$app@1.service"
  as_before
}

bus=(org.quietd.Quiet1 /org/quietd/Quiet1 org.quietd.Quiet1)
until_profile() { wait_for --timeout "${2:-20}" property "${bus[@]}" Profile "'$1'"; }
owner() { user busctl --user call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus GetNameOwner s "${bus[0]}" | cut -d'"' -f2; }
ctl() { session quietctl "$@"; }
off() { check "quietctl off" ctl off; }
log_session() { ctl log ketamine "$@" && until_profile deep; }
in_force() {
  check "the desktop says that it is quiet" soon says_quiet
  check "an ordinary notification does not show" not notification_shows
  check "the screen has six tenths of its light" soon dimmed_to 0.52 0.68
  check "the locked app does not count" app_is_frozen
}

has() { declare -F "$1" >/dev/null; }
# Where somebody listens to a service, its restart is over when it has the name again.
restart_unit() {
  local name=org.freedesktop.Notifications old
  old=$(user busctl --user call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus GetNameOwner s "$name" | cut -d'"' -f2)
  user systemctl --user restart "$1"
  wait_for owner-after "$name" "$old"
}
says_by_hand() { ctl status | tr '\n' ' ' | tr -s ' ' | grep -q 'changed by hand'; }

# The person's config. What is suggested comes by the time of day, and no check is to.
config() { { cat; printf '\n[suggestions]\na-day = 0\n'; } | put .config/quietd/config.toml; }

install_quietd() {
  user mkdir -p .local/bin
  user cp /build/quietd /build/quietctl .local/bin/
  ! has before_setup || before_setup
  must "quietctl setup installs the unit" ctl setup "${setup_options[@]}"
  config <<CONFIG
[[after]]
session = "any"
phases = [
  { for = "1h", profile = "deep" },
  { for = "1h", profile = "light" },
]

[profiles.deep]
notifications = "urgent"
dim = 40
lock = ["@counting"]

[profiles.light]
dim = 20

[profiles.waiting]
notifications = "batched"

[profiles.warm]
warmth = 2700

[profiles.grey]
greyscale = true

[profiles.evening]
dim = 20
warmth = 2700
greyscale = true

[groups.counting]
apps = ["$app"]
CONFIG
  must "quietctl check accepts the config" ctl check
  must "systemctl --user start quietd starts it" user systemctl --user start quietd
}

# What waits comes through at the next whole minute that is far enough away. One ordinary notification is sent meanwhile,
# and perhaps urgent ones, which do not count.
through_until() { wait_for --timeout 90 property "${bus[@]}" BatchUntil "$(($1 + 300))000000"; }
is_said() { user grep -q 'string "While it was quiet: 1 notification"' /tmp/shown; }
status_says() { ctl status | grep -q "$1"; }
# GNOME leaves a banner that came while nobody was there until somebody is.
as_bright_as_before() {
  local end=$((SECONDS + 20))
  until dimmed_to 0.98 1.02; do
    ((SECONDS < end)) || return
    ! has somebody_is_there || somebody_is_there
  done
}
batches() {
  say "Held in batches: what waits comes through while we look"
  local at=$(($(date +%s) / 60 * 60 + 60))
  ((at - $(date +%s) > 25)) || at=$((at + 60))
  user sed -i "1i batches = [\"$(user date -d "@$at" +%H:%M)\"]" .config/quietd/config.toml
  user systemd-run --user --quiet --collect --unit=shown -p StandardOutput=file:/tmp/shown \
    dbus-monitor --session "type='method_call',interface='org.freedesktop.Notifications',member='Notify'"
  check "quietctl start waiting" ctl start waiting 1h
  check "the desktop says that it is quiet" soon says_quiet
  check "quietctl status says when notifications come" status_says "held until $(user date -d "@$at" +%H:%M)"
  check "an ordinary notification does not show" not notification_shows
  check "the batch begins by itself" through_until "$at"
  check "the desktop no longer says that it is quiet" soon not says_quiet
  check "how many waited is said" soon is_said
  check "quietctl status says that they come through" status_says "come through until"
  user systemctl --user stop shown
  check "what was said goes away by itself" as_bright_as_before
  off
  as_before
}

with_quietd() {
  say "Installed as a person would"
  install_quietd
  as_before

  say "A session is logged"
  must "quietctl log puts its first phase in force" log_session
  in_force
  ! declare -F in_the_middle >/dev/null || in_the_middle
  off
  as_before

  if has restart_service; then
    say "The program that shows notifications restarts in the midst of it"
    must "a session is in force" log_session
    check "the desktop says that it is quiet" soon says_quiet
    check "it is restarted" restart_service
    in_force
    off
    as_before
  fi

  if has person_changes; then
    say "The person lets notifications through in the midst of it"
    must "a session is in force" log_session
    check "the desktop says that it is quiet" soon says_quiet
    person_changes
    check "the desktop does not say that it is quiet" not says_quiet
    check "an ordinary notification shows" notification_shows
    if ! has changes_are_told || changes_are_told; then
      check "quietctl status says that it was changed by hand" soon says_by_hand
    fi
    # Whatever else it is asked to do now, this stays theirs.
    check "quietctl unlock" ctl unlock "$app"
    check "the app runs" app_runs
    check "the desktop still does not say that it is quiet" not says_quiet
    off
    ! has person_undoes || person_undoes
    as_before
  fi

  say "A session that ended almost an hour ago: the second phase begins while we look"
  must "its first phase is in force" log_session --ended "$(date -u -d '-3592 seconds' +%FT%TZ)"
  check "the app is locked" wait_for line "$app_events" "frozen 1"
  check "the second phase begins by itself" until_profile light 30
  check "the desktop no longer says that it is quiet" soon not says_quiet
  check "the screen has eight tenths of its light" soon dimmed_to 0.74 0.88
  check "the app runs again" app_runs
  off
  as_before

  [[ ${in_batches:-} != yes ]] || batches

  say "Warm, then grey"
  check "quietctl start warm" ctl start warm 10m
  check "the screen is warmer" soon warmer
  off
  if has colourful; then
    check "quietctl start grey" ctl start grey 10m
    check "the screen has no colours" soon grey
    off
  fi
  as_before

  if declare -F beside_another >/dev/null; then
    beside_another
    as_before
  fi
  if declare -F own_checks >/dev/null; then own_checks; as_before; fi

  say "The daemon is killed, and comes back"
  must "a session is in force" log_session
  local old; old=$(owner)
  user systemctl --user kill --kill-who=main --signal=KILL quietd
  must "it is started again" wait_for owner-after "${bus[0]}" "$old"
  check "what was in force is in force again" until_profile deep
  in_force
  check "systemctl --user stop quietd" user systemctl --user stop quietd
  as_before

  say "The daemon is killed where nothing restarts it, then quietctl restore"
  user systemd-run --user --quiet --collect --unit=quietd-by-hand -p Type=notify /home/resident/.local/bin/quietd
  check "the session is in force again" until_profile deep
  check "the app is locked" wait_for line "$app_events" "frozen 1"
  user systemctl --user kill --kill-who=main --signal=KILL quietd-by-hand
  must "quietctl restore works without a daemon" ctl restore
  as_before

  say "Removed again"
  must "quietctl setup --remove" ctl setup --remove
  as_before
  check "nothing of it is left among the units" not user systemctl --user cat quietd.service &>/dev/null
  ! has after_removal || after_removal
}

main() {
  "$here/lab" up "$lab"
  trap '"$here/lab" down "$lab"' EXIT
  ! has prepare || prepare
  "$here/desktop" "$lab" "${desktop[@]}"
  local colour
  for colour in red green; do
    convert -size 96x96 "xc:$([[ $colour == red ]] && echo '#ff0000' || echo '#00ff00')" png:- | put "/tmp/$colour.png"
  done
  must "the screen comes to rest" settle
  must "an app runs in its unit" start_app
  # Before anything is remembered: with its first notification a service may write settings of its own.
  must "an ordinary notification shows" notification_shows
  remember
  checks_by_hand
  [[ $part == checks ]] || with_quietd
  finish
}
