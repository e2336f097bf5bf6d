# screen-time.sh: what the cases screen-time-* do: time at the screen is counted while somebody is there, by app. Sourced,
# after steps.sh, by cases that say
#
#   desktop=(KIND [NOTIFIER])   what `desktop` starts
#   touch                       moves the pointer, as the person does
#   focus ONE|OTHER             gives the window of one of the two apps the focus
#   idle_by, focus_by           who tells, as `quietctl doctor` calls it
#   lock_screen, unlock_screen  where the desktop tells that it is locked
# shellcheck shell=bash

one=org.example.One other=org.example.Other
start_app_with_window() {
  user cp /src/tests/lab/window "/tmp/$1"
  user systemd-run --user --quiet --collect --slice=app.slice --unit="app-$1@1.service" "/tmp/$1" "$1" "$1"
  wait_for growth "/tmp/$1.count" 0
}
today() { ctl today --format json >"$out/today.json" && python3 -c 'import json, sys
day = json.load(open(sys.argv[1]))
print(day["apps"].get(sys.argv[2], 0) if sys.argv[2:] else day["seconds"])' "$out/today.json" "$@"; }
doctor_says() { ctl doctor | tr '\n' ' ' | tr -s ' ' | grep -Fq "$1"; }
# Time itself is what is looked at here; nothing is waited for by it.
passes() { user sleep "$1"; }
counts() { local before; before=$(today "$@"); passes 3; (($(today "$@") > before)); }
stands_still() { not counts "$@"; }
woken() { user sh -c 'cat "/proc/$1/status"' - "$(user systemctl --user show -P MainPID quietd)" | awk '/^voluntary/ {print $2}'; }
is_not_woken() { local before; before=$(woken); "$@"; [[ -n $before && $(woken) == "$before" ]]; }
says_no() { ctl today >"$out/off" && grep -q 'not counted' "$out/off" && grep -q '14 weeks' "$out/off"; }

main_screen_time() {
  "$here/lab" up "$lab"
  trap '"$here/lab" down "$lab"' EXIT
  "$here/desktop" "$lab" "${desktop[@]}"
  must "an app has a window" start_app_with_window "$one"
  must "another has one" start_app_with_window "$other"
  [[ $part != checks ]] || finish
  touch
  local began; began=$(date +%s)
  install_quietd
  check "doctor says who tells of idleness" soon doctor_says "$idle_by"
  check "doctor says who tells of the focus" soon doctor_says "$focus_by"

  say "At the screen"
  focus ONE
  touch
  check "the one app is counted" within 10 counts "$one"
  check "the other is not" stands_still "$other"
  focus OTHER
  check "the other app is counted" within 10 counts "$other"
  check "the one is not any more" stands_still "$one"
  if has lock_screen; then
    lock_screen
    check "a locked screen is not counted" within 10 stands_still
    unlock_screen
    touch
    check "an unlocked one is" within 10 counts
  fi

  say "Idle"
  touch
  local before; before=$(today)
  check "it goes on for less than a minute" counts
  check "who is idle is not counted" within 90 stands_still
  local idle; idle=$(($(today) - before))
  echo "          $idle s were counted since the last touch, $(today) s since $(($(date +%s) - began)) s"
  check "the first minute was" calc "$idle >= 57 && $idle <= 66"
  check "nothing wakes the daemon meanwhile" is_not_woken passes 15
  touch
  check "who is back is" within 10 counts

  say "Stopped, and started"
  before=$(today)
  user systemctl --user restart quietd
  check "what was counted is kept" within 10 calc "$(today) >= $before"
  ctl today | sed 's/^/          /'

  say "Off"
  user sh -c 'printf "\n[screen-time]\nkeep = \"off\"\n" >>.config/quietd/config.toml'
  check "quietctl today says that it is off" within 10 says_no
  check "nothing of it is left" not user test -e .local/state/quietd/screen-time.jsonl
  check "quietctl setup --remove" ctl setup --remove
  finish
}
