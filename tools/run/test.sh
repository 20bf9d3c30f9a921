# ./run test, and the suites it is made of: every test there is, in an order that fails early. Sourced by ./run.
#
# Each phase writes its output to .cache/test/NAME.log and is summed up in one line; the log is
# shown when it fails. All phases run, so that one failure does not hide another. The last line
# says how many tests passed and failed.

test_logs=.cache/test
answers=$PWD/.cache/answers
passed=0
failed=0

# phase NAME COMMAND...: `./run COMMAND...`, its tests counted, and a line on how it went.
phase() {
    local name=$1 begin=$SECONDS counts ok=true
    local log=$test_logs/$name.log
    shift
    bash ./run "$@" >"$log" 2>&1 </dev/null || ok=false
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
        printf '%-14s %5d passed %5d failed %4d s; the end of %s:\n' "$name" "${counts% *}" \
            "${counts#* }" $((SECONDS - begin)) "$log"
        tail -60 "$log"
    fi
}

run_pytest() {
    setup_parts packages shell_packages python node s3server
    build debug
    mkdir -p $test_logs
    OUTCROP_ANSWERS=$answers $python -m pytest -p no:cacheprovider \
        --junit-xml="$test_logs/$1.xml" "tests/$1" "${@:2}"
}

# conformance [PYTEST OPTIONS]: the three AWS clients and raw requests against servers, a process for
# each processor, as many tests wait. Leaves the answers of this run for `answers`.
conformance() {
    rm -rf $answers
    run_pytest conformance --numprocesses auto --dist loadfile "$@"
}

# answers: judges all answers of the last `conformance`.
answers() { run_pytest answers; }

# race_server SUITE...: tests/conformance/test_SUITE.py against a server under ThreadSanitizer, which
# takes too much memory for the test of that. What it finds is in files of their own, since servers
# are killed in some tests.
race_server() {
    local found=$PWD/$test_logs/race suites=("${@/#/tests/conformance/test_}")
    setup_parts packages shell_packages python s3server
    mkdir -p $test_logs
    rm -f "$found".*
    # Without the random layout of memory, in which the map of a store would not always find room.
    OUTCROP=$PWD/build-tsan/outcrop TSAN_OPTIONS="exitcode=66:log_path=$found" setarch -R \
        $python -m pytest -p no:cacheprovider --numprocesses auto --dist loadfile \
        --junit-xml=$test_logs/races.xml -k "not fixed_memory" "${suites[@]/%/.py}"
    if compgen -G "$found.*"; then
        cat "$found".*
        return 1
    fi
}

# crash [PYTEST OPTIONS]: kill -9.
crash() { run_pytest crash "$@"; }

# replay: every seed and every input found so far, and a fixed number of mutations of them.
replay() { each_fuzz_target -runs=20000 -seed=1; }

run_all_tests() {
    export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1
    export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
    setup_parts packages shell_packages fuzz_packages python node s3server
    rm -rf $test_logs
    mkdir -p $test_logs
    phase check check
    phase sanitizers unit asan
    phase races races
    phase million million
    phase conformance conformance
    phase answers answers
    phase crash crash
    phase fuzz-corpora replay
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
