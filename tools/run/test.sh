# ./run test: every test there is, in an order that fails early. Sourced by ./run.
#
# Each phase writes its output to .cache/test/NAME.log and is summed up in one line; the log is
# shown when it fails. All phases run, so that one failure does not hide another. The last line
# says how many tests passed and failed.

test_logs=.cache/test
passed=0
failed=0

# phase NAME COMMAND...: run it, count its tests, say how it went.
phase() {
    local name=$1 begin=$SECONDS counts ok=true
    local log=$test_logs/$name.log
    shift
    ("$@") >"$log" 2>&1 </dev/null || ok=false
    counts=$($python tools/run/count_tests.py "$log" "$test_logs/$name.xml")
    passed=$((passed + ${counts% *}))
    failed=$((failed + ${counts#* }))
    # A phase that broke without a failed test is a failure of its own.
    if ! $ok && [ "${counts#* }" -eq 0 ]; then
        failed=$((failed + 1))
    fi
    if $ok; then
        printf '%-14s %5d passed %13s %4d s\n' "$name" "${counts% *}" "" $((SECONDS - begin))
    else
        printf '%-14s %5d passed %5d failed %4d s; %s:\n' "$name" "${counts% *}" "${counts#* }" \
            $((SECONDS - begin)) "$log"
        tail -60 "$log"
    fi
}

run_pytest() {
    local name=$1
    shift
    $python -m pytest -p no:cacheprovider --junit-xml="$test_logs/$name.xml" "$@"
}

sanitized_unit_tests() {
    ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        unit asan
}

# Every seed and every input found so far, and a fixed number of mutations of them.
replay_corpora() {
    replay() { "$1" -runs=20000 -seed=1 "${@:2}"; }
    each_fuzz_target replay
}

run_all_tests() {
    setup_parts packages fuzz_packages python node
    rm -rf $test_logs
    mkdir -p $test_logs
    phase check check
    phase sanitizers sanitized_unit_tests
    phase conformance run_pytest conformance tests/conformance
    phase crash run_pytest crash tests/crash
    phase fuzz-corpora replay_corpora
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
