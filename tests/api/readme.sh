#!/usr/bin/env bash
# Runs the lines of the README's walk, exactly as they stand there, against an usherd with private
# servers in a directory of its own, and looks for what the README says they print.
set -euo pipefail

root=${SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
work=$(mktemp -d)
passed=0
failed=0
daemons=()

end() {
	local pid
	for pid in "${daemons[@]}"; do kill "$pid" 2>/dev/null || true; done
	for pid in "${daemons[@]}"; do wait "$pid" 2>/dev/null || true; done
	rm -rf "$work"
}
trap end EXIT

# The private servers, as a user without ./bootstrap would start them.
start() {
	local user=() n=0
	[ "$(id -u)" != 0 ] || user=(--user=root)
	# The other tests of this build directory have left an empty database.
	if [ -d mysql-template ]; then
		cp -r mysql-template "$work/mysql"
	else
		mariadb-install-db --no-defaults --datadir="$work/mysql" --auth-root-authentication-method=normal \
			--skip-test-db "${user[@]}" >"$work/install.log" 2>&1
	fi
	echo 'CREATE DATABASE usher;' >"$work/init.sql"
	redis-server --port 0 --unixsocket "$work/redis.sock" --save '' >"$work/redis.log" 2>&1 &
	daemons+=($!)
	mariadbd --no-defaults --datadir="$work/mysql" --socket="$work/mysql.sock" --pid-file="$work/pid" \
		--skip-networking --init-file="$work/init.sql" "${user[@]}" >"$work/mysql.log" 2>&1 &
	daemons+=($!)
	USHER_ADMIN_KEY=open-sesame ./usherd --listen=127.0.0.1:0 --redis="unix:$work/redis.sock" \
		--mysql="mysql://root@localhost/usher?socket=$work/mysql.sock" \
		--secret="$(printf '%064d' 1)" --catalog="$root/schema/demo.json" >"$work/out" 2>"$work/err" &
	daemons+=($!)
	until grep -qs 'ready on' "$work/out"; do
		n=$((n + 1))
		[ $n -lt 1200 ] || { cat "$work/err" >&2; echo "usherd does not start" >&2; exit 1; }
		sleep 0.05
	done
	U=$(sed -n 's/^usherd: ready on //p' "$work/out")
	R=$work/redis.sock
	export U R PATH="$PWD:$PATH"
	cd "$root"
}

# The sh blocks of the README as one script in which each "#= text" line checks the output so far.
script() {
	awk '/^```sh$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$root/README.md"
}

check() {
	if grep -qF -- "$1" "$work/said"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'README: "%s" is not in:\n' "$1"
		cat "$work/said"
	fi
}

start
while IFS= read -r line; do
	case $line in
	'#= '*) check "${line#'#= '}" ;;
	*)
		eval "$line" >"$work/said" 2>&1 || { echo "README: failed: $line"; failed=$((failed + 1)); }
		;;
	esac
done < <(script)

echo "readme: $passed passed, $failed failed"
[ $passed -gt 10 ] && [ $failed = 0 ]
