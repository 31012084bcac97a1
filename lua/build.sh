#!/bin/sh
# Puts the functions library together: build.sh LUA_DIR CODES_DEF [CLOCK_FILE]
# The codes come from codes.def; CLOCK_FILE takes the place of lib/10-clock.lua, so that tests can
# move the clock. The digest tells builds of one version apart.
set -eu
lua=$1
codes=$2
clock=${3:-$lua/lib/10-clock.lua}

parts() {
	echo 'local CODE = {'
	sed -n 's/^CODE(\([A-Z_]*\), \([0-9]*\),.*/\t\1 = \2,/p' "$codes"
	echo '}'
	cat "$clock"
	for file in "$lua"/lib/*.lua; do
		[ "$file" = "$lua/lib/10-clock.lua" ] || cat "$file"
	done
	for file in "$lua"/queue/*.lua "$lua"/seats/*.lua; do
		echo 'do'
		cat "$file"
		echo 'end'
	done
}

echo '#!lua name=usher'
echo "local LIBRARY_VERSION = $(cat "$lua/VERSION")"
echo "local LIBRARY_DIGEST = '$(parts | cksum | cut -d' ' -f1)'"
parts
