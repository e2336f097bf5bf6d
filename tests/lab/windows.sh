# windows.sh: what the cases windows-* do: a locked app's windows go, and come back where they were. Sourced, after
# steps.sh, by cases that say
#
#   desktop=(KIND [NOTIFIER])   what `desktop` starts
#   windows                     prints each window, a line for each: TITLE shown|hidden and where it is
#
# and, where the desktop has it:
#
#   by_the_person               does to the window called Two what a person may do with it meanwhile; stays=PLACE is then
#                               where it is after
#   while_locked                what is looked at while the app is frozen
# shellcheck shell=bash

locked=org.example.Counter other=org.example.Other
start_windows() {
  put ".local/share/applications/$app.desktop" <<DESKTOP
[Desktop Entry]
Type=Application
Name=Counter
Exec=/tmp/$app $app
DESKTOP
  local one
  # In an order that puts windows of the locked app before, between and after another's.
  for one in "$locked@1 $locked One" "$other@1 $other Else" "$locked@2 $locked Two Three"; do
    # shellcheck disable=SC2086
    set -- $one
    # A program of its own for each app, or they would be one.
    user cp /src/tests/lab/window "/tmp/$2"
    user systemd-run --user --quiet --collect --slice=app.slice --unit="app-$1.service" "/tmp/$2" "${@:2}"
    within 10 has_window "${*: -1}"
  done
  app_events=/sys/fs/cgroup$(user systemctl --user show -P ControlGroup "app-$locked@2.service")/cgroup.events
  counts=/tmp/$locked.count
  app_runs
}
windows_now() { windows | sort; }
has_window() { windows_now | grep -q "^$1 "; }
count() { user sh -c 'stat -c %s "$1" 2>/dev/null || echo 0' - "/tmp/$locked.count"; }
app_runs() { wait_for line "$app_events" "frozen 0" && wait_for growth "/tmp/$locked.count" "$(count)"; }
app_is_frozen() { wait_for line "$app_events" "frozen 1"; }
are_hidden() { windows_now >"$out/windows-now"; (($(grep -cE '^(One|Two|Three) hidden' "$out/windows-now") == 3)) && grep -q '^Else shown' "$out/windows-now"; }
are_as_before() { windows_now >"$out/windows-now"; diff "$out/windows-before" "$out/windows-now" >"$out/windows-differ"; }
back() {
  check "the app goes on" app_runs
  check "every window is where it was" soon are_as_before
  [[ ! -s $out/windows-differ ]] || sed 's/^/            /' "$out/windows-differ"
  check "it is the same processes" [ "$(processes)" = "$processes_before" ]
}
processes() { user systemctl --user show -P MainPID "app-$locked@1.service" "app-$locked@2.service" | tr -d '\n'; }

main_windows() {
  "$here/lab" up "$lab"
  trap '"$here/lab" down "$lab"' EXIT
  "$here/desktop" "$lab" "${desktop[@]}"
  must "apps with windows run" start_windows
  # A desktop that still starts may take seconds for what it is asked.
  must "the screen comes to rest" settle
  windows_now >"$out/windows-before"
  processes_before=$(processes)
  sed 's/^/          /' "$out/windows-before"
  say "The checks see windows that go"
  check "none is hidden" not are_hidden
  [[ $part != checks ]] || finish

  install_quietd
  say "A session is logged"
  must "quietctl log puts its first phase in force" log_session
  check "the app is frozen" app_is_frozen
  ! has while_locked || while_locked
  hidden_there
  off
  back

  say "The daemon is killed where nothing restarts it, then quietctl restore"
  user systemctl --user stop quietd
  user systemd-run --user --quiet --collect --unit=quietd-by-hand -p Type=notify /home/resident/.local/bin/quietd
  must "a session is in force" log_session
  check "the app is frozen" app_is_frozen
  hidden_there
  user systemctl --user kill --kill-who=main --signal=KILL quietd-by-hand
  must "quietctl restore works without a daemon" ctl restore
  back

  if has by_the_person; then
    say "The person moves a window meanwhile, and closes nothing"
    must "systemctl --user start quietd starts it" user systemctl --user start quietd
    must "a session is in force" log_session
    check "the app is frozen" app_is_frozen
    hidden_there
    by_the_person
    off
    check "the app goes on" app_runs
    check "what they moved is where they put it" soon is_where_they_put_it || windows_now | sed 's/^/          /'
  fi
  finish
}
is_where_they_put_it() { windows_now | grep -q "^Two $stays"; }
hides=yes
hidden_there() {
  [[ $hides == yes ]] || return 0
  check "its windows are hidden, and no other" soon are_hidden
  are_hidden || sed 's/^/            /' "$out/windows-now"
}
