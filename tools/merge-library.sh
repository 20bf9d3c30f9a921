#!/bin/sh
# Make a static library of one object whose only global symbols are the public ones, so that
# nothing inside clashes with a program's own names.
#
#     merge-library.sh SYMBOL_MAP OUTPUT OBJECTS_ARCHIVE ARCHIVE...
#
# All of OBJECTS_ARCHIVE goes in, and of the other archives what it needs.
set -eu
map=$1 output=$2 objects=$3
shift 3
# Objects that wait for optimisation across files are compiled here: a user's linker might not.
if objdump -h "$objects" | grep -q '\.gnu\.lto_'; then
    set -- -flto -flinker-output=nolto-rel -O2 "$@"
fi
${CC:-cc} -r -nostdlib -o "$output.o" -Wl,--whole-archive "$objects" -Wl,--no-whole-archive \
    -Wl,--start-group "$@" -Wl,--end-group
sed -n '/global:/,/local:/s/^ *\(oc_[a-z0-9_]*\);$/\1/p' "$map" >"$output.symbols"
objcopy --keep-global-symbols="$output.symbols" "$output.o"
rm -f "$output"
ar rcs "$output" "$output.o"
rm -f "$output.o" "$output.symbols"
