# threads-demo, as its user sees it.

# Faults on cue: these calls of the modules go through the test first.
target_link_options(threads-demo.parker PRIVATE LINKER:--wrap=futex_wait)
set(ordered "18 received, 18 of them in their sender's order\n$")
add_verb_test(threads-demo default STATUS 0 STDOUT ${ordered})
add_verb_test(threads-demo mpsc STATUS 0 ARGS mpsc
  STDOUT ${ordered} "main +counts 4\n" "producer-a +sends 10\n" "producer-b +sends 20\n")
add_verb_test(threads-demo pipeline STATUS 0 ARGS pipeline
  STDOUT "source +has sent 4\n" "worker-. +takes 4\n"
  "\n4 messages arrived, their sum is 20\n$")

add_verb_test(threads-demo help STATUS 0 ARGS --help STDOUT "mpsc.*pipeline.*bench")
add_verb_test(threads-demo mpsc.help STATUS 0 ARGS mpsc --help
  STDOUT "^Usage: threads-demo mpsc ")
add_verb_test(threads-demo no-such-verb STATUS 64 ARGS mspc
  STDERR "^threads-demo mpsc: unexpected argument 'mspc'\n")
add_verb_test(threads-demo no-such-option STATUS 64 ARGS pipeline --size
  STDERR "^threads-demo pipeline: unrecognized option '--size'\n")
