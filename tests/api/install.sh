#!/usr/bin/env bash
# What make install brings: it is whole, says the same as the programs and the README, and systemd, mandoc and
# bash can read it.
set -euo pipefail

root=${SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

# check WHAT COMMAND...: the command has to succeed, and to say nothing unless it does not.
check() {
	local what=$1
	shift
	if "$@" >"$work/said" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'install: %s\n' "$what"
		cat "$work/said"
	fi
}

same() { diff <(sort <<<"$1") <(sort <<<"$2"); }
silent() { ! "$@" 2>&1 | grep .; }

# Not with what the make around us was told, such as a list of tests.
install_to() { env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s "$2" DESTDIR="$work/$1"; }
installed() { find "$work/to" -path "*/$1" -type f | grep .; }

doc_dir() { dirname "$(find "$work/to" -path '*/doc/*/README.md' -not -path '*/examples/*')"; }

settings=$(./usherd --help | sed -n 's/^  --\([a-z-]*\).*/\1/p' | grep -vxE 'help|version')
commands=$(./usherctl --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p')

# --- files ---

files() {
	local file
	for file in bin/usherd bin/usherctl system/usherd.service system/usherd@.service sysusers.d/usher.conf \
		tmpfiles.d/usher.conf completions/usherd completions/usherctl usher/usher.conf \
		man8/usherd.8 man1/usherctl.1 man5/usher.conf.5; do
		check "$file is missing" installed "$file"
	done
	# All of what Prometheus and Grafana take, whatever it is called.
	for file in demo.json openapi.json demo-web/brand.json observability; do
		check "examples/$file is not the one of this version" \
			diff -r "$root/schema/$file" "$(doc_dir)/examples/$file"
	done
	check "examples/lua/README.md is missing" diff "$root/lua/README.md" "$(doc_dir)/examples/lua/README.md"
	check "a path was not filled in" silent grep -rIn --exclude=README.md '@[a-z_]*@' "$work/to"
}

# Once more over what an operator has changed, and away again: theirs stays, nothing else does.
again() {
	local conf
	conf=$(installed 'etc/usher/usher.conf')
	check "the example is not readable for root and the group only" test "$(stat -c %a "$conf")" = 640
	cp "$conf" "$work/conf"
	echo '# mine' >>"$conf"
	check "make install fails over an older one" install_to to install
	check "make install has taken the operator's settings away" grep -qx '# mine' "$conf"
	check "make uninstall fails" install_to to uninstall
	check "make uninstall has taken the operator's settings away" grep -qx '# mine' "$conf"
	check "make uninstall leaves files behind" test "$(find "$work/to" -type f)" = "$conf"
	cp "$work/conf" "$conf"
	check "make uninstall fails" install_to to uninstall
	check "make uninstall leaves its own example behind" silent find "$work/to" -type f
	check "make install fails" install_to to install
}

# --- settings ---

# Every setting of the example, as "name = value", whether it is in force there or not.
example() { sed -nE 's/^#? ?([a-z][a-z-]* = .*)$/\1/p' "$1"; }

# A start with all of the example that fails at the last moment, since nobody has that address.
accepts() {
	local said
	said=$(env -i PATH="$PATH" ./usherd --config="$1" --listen=192.0.2.1:1 --web-dir="$work" 2>&1 || true)
	echo "$said"
	grep -q 'setting listen: cannot' <<<"$said"
}

refuses() { ! accepts "$1"; }

settings_agree() {
	local conf line name
	conf=$(installed 'etc/usher/usher.conf')
	check "usher.conf does not explain each setting, or an unknown one" \
		same "$(example "$conf" | sed 's/ = .*//')" "$(grep -vx config <<<"$settings")"
	check "usher.conf(5) does not name each setting, or an unknown one" \
		same "$(sed -n 's/^\.It Ic \([a-z-]*\) No =.*/\1/p' "$(installed man5/usher.conf.5)")" \
		"$(grep -vx config <<<"$settings")"
	# shellcheck disable=SC2016 # the backquotes are the table's
	check "the README's table does not name each setting, or an unknown one" \
		same "$(sed -n '/^## Settings/,/^## /s/^| \(`[^|]*`\) |.*/\1/p' "$root/README.md" | grep -o '[a-z-]*')" "$settings"
	# Defaults are said in three places.
	while read -r name line; do
		check "usher.conf has another default of $name" grep -qxF "# $name = $line" "$conf"
		# shellcheck disable=SC2016 # awk's own variables
		check "usher.conf(5) has another default of $name" \
			awk -v name="$name" -v value="$line" '/^\.It / { inside = $3 == name }
				inside && index($0, "default is " value) { found = 1 } END { exit !found }' \
			"$(installed man5/usher.conf.5)"
	done < <(./usherd --help | sed -nE 's/^  --([a-z-]*) .* \[(.*)\]$/\1 \2/p')
	example "$conf" >"$work/all.conf"
	check "usherd does not take all of usher.conf" accepts "$work/all.conf"
	echo 'workers = many' >>"$work/all.conf"
	check "a wrong setting is not seen" refuses "$work/all.conf"
}

# --- man pages ---

manuals() {
	local page number
	for page in man8/usherd.8 man1/usherctl.1 man5/usher.conf.5; do
		check "$page does not read well" mandoc -T lint -W warning "$(installed $page)"
	done
	page=$(installed man1/usherctl.1)
	check "usherctl(1) does not describe each command, or an unknown one" same \
		"$(sed -n '/^\.Sh DESCRIPTION/,/^\.Sh /s/^\.It Cm \([a-z-]*\).*/\1/p' "$page")" "$commands"
	for number in $(./usherctl --help | tr '\n' ' ' | grep -o 'It ends with.*' | grep -o '[0-9]'); do
		check "usherctl(1) does not tell exit status $number" grep -qx "\.It $number" "$page"
	done
	check "usherctl(1) does not describe each flag, or an unknown one" same \
		"$(sed -n '/^\.Sh DESCRIPTION/,$s/^\.It Fl -\([a-z-]*\).*/\1/p' "$page")" \
		"$(./usherctl --help | grep -o -e '--[a-z][a-z-]*' | sed 's/^--//' | sort -u)"
	page=$(installed man8/usherd.8)
	for number in 0 1 2; do
		check "usherd(8) does not tell exit status $number" grep -qx "\.It $number" "$page"
	done
}

# --- completion ---

# completes PROGRAM WORD...: what bash would offer in place of the last word.
completes() {
	(
		# shellcheck disable=SC1090 # it is what we test
		. "$(installed "completions/$1")"
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		COMPREPLY=()
		"_$1" "./$1" && printf '%s\n' "${COMPREPLY[@]}"
	)
}

completions() {
	local flags
	flags=--${settings//$'\n'/$'\n'--}
	check "usherd's flags" same "$(completes usherd --)" "$flags"$'\n--help\n--version'
	check "usherd --log-level" same "$(completes usherd --log-level = '')" $'error\ninfo\ndebug'
	check "usherd --log-level d" same "$(completes usherd --workers 4 --log-level d)" debug
	check "usherd --catalog" same "$(completes usherd --catalog = "$root/schema/demo.j")" "$root/schema/demo.json"
	check "usherctl's commands" same "$(completes usherctl '')" "$commands"
	check "usherctl --url U st" same "$(completes usherctl --url http://h:1 st)" status
	check "usherctl --admin-key-file=" same "$(completes usherctl --admin-key-file = "$root/READM")" "$root/README.md"
	check "usherctl set main cap" same "$(completes usherctl set main cap)" capacity=
	check "usherctl set main paused=" same "$(completes usherctl set main paused = t)" true
	check "usherctl import" same "$(completes usherctl import "$root/schema/demo.j")" "$root/schema/demo.json"
	check "usherctl --w" same "$(completes usherctl status --w)" --watch
}

# --- systemd ---

exposure() { # a tenth of which is the score
	systemd-analyze security --offline=true --no-pager "$1" |
		sed -nE 's/.*Overall exposure level for .*: ([0-9]+)\.([0-9]) .*/\1\2/p'
}

units() {
	local unit prefix copy
	prefix=$(installed bin/usherd)
	prefix=${prefix#"$work/to"}
	mkdir "$work/units"
	for unit in usherd.service usherd@.service; do
		# The program has to be where the unit says, and that is not where it is now.
		copy=$work/units/$unit
		check "$unit does not start what was installed" grep -q "^ExecStart=$prefix " "$(installed "system/$unit")"
		sed "s|^ExecStart=|&$work/to|" "$(installed "system/$unit")" >"$copy"
		check "$unit: systemd-analyze verify" silent systemd-analyze verify --man=no --recursive-errors=no "${copy/@/@1:1}"
		check "$unit is too exposed: $(exposure "$copy") tenths" test "$(exposure "$copy")" -lt 20
	done
	check "systemd-sysusers" systemd-sysusers --dry-run "$(installed sysusers.d/usher.conf)"
}

# The directory of the secrets gets its owner and modes in a system of its own, with our own ids for usher.
owners() {
	local conf tree=$work/tree
	conf=$(installed tmpfiles.d/usher.conf)
	mkdir -p "$tree/etc"
	printf 'root:x:%s:%s::/:/bin/sh\nusher:x:%s:%s::/:/bin/sh\n' "$(id -u)" "$(id -g)" "$(id -u)" "$(id -g)" >"$tree/etc/passwd"
	printf 'root:x:%s:\nusher:x:%s:\n' "$(id -g)" "$(id -g)" >"$tree/etc/group"
	dir=$tree$(sed -n 's/^d \([^ ]*\) .*/\1/p' "$conf")
	mkdir -p "$dir"
	touch "$dir/secret" "$dir/usher.conf"
	chmod 777 "$dir" "$dir/secret"
	check "systemd-tmpfiles" silent systemd-tmpfiles --root="$tree" --create "$conf"
	check "the secrets' directory is open" test "$(stat -c %a "$dir")" = 750
	check "a secret is open" test "$(stat -c %a "$dir/secret")" = 640
}

check "make install fails" install_to to install
files
settings_agree
manuals
completions
units
owners
again

echo "install: $passed passed, $failed failed"
[ $passed -gt 80 ] && [ $failed = 0 ]
