#!/bin/sh
# Writes embedded.c, the files usherd carries inside: embed.sh LIBRARY OPENAPI MIGRATION... -- WEB_FILE...
set -eu
library=$1
openapi=$2
shift 2

bytes() {
	echo "static const unsigned char $1[] = {"
	od -An -v -tx1 "$2" | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
	echo '0};'
}

echo '/* Made by src/embed.sh. */'
echo '#include "embedded.h"'
bytes library "$library"
echo 'const char *const embedded_library = (const char *)library;'
echo 'const size_t embedded_library_len = sizeof(library) - 1;'
echo "const int embedded_library_version = $(sed -n 's/^local LIBRARY_VERSION = //p' "$library");"
echo "const char *const embedded_library_digest = $(sed -n "s/^local LIBRARY_DIGEST = '\\(.*\\)'/\"\\1\"/p" "$library");"
bytes openapi "$openapi"
echo 'const char *const embedded_openapi = (const char *)openapi;'
echo 'const size_t embedded_openapi_len = sizeof(openapi) - 1;'
n=0
for file; do
	[ "$file" != -- ] || break
	n=$((n + 1))
	bytes "migration_$n" "$file"
done
echo 'const struct embedded_migration embedded_migrations[] = {'
n=0
while [ "$1" != -- ]; do
	file=$1
	shift
	n=$((n + 1))
	name=$(basename "$file" .sql)
	echo "{$(echo "$name" | sed 's/^0*\([0-9]*\).*/\1/'), \"$name\", (const char *)migration_$n},"
done
echo '};'
echo "const size_t embedded_migration_count = $n;"
shift
n=0
for file; do
	n=$((n + 1))
	bytes "web_$n" "$file"
done
echo 'const struct embedded_file embedded_files[] = {'
n=0
for file; do
	n=$((n + 1))
	echo "{\"$(basename "$file")\", (const char *)web_$n, sizeof(web_$n) - 1},"
done
echo '};'
echo "const size_t embedded_file_count = $n;"
