/** Texts of `--help` for the commands that bootstrap itself serves. */
export const help = {
  build: `openagent build
Installs dependencies and builds dist/ where a source has changed; every other command does so by itself.`,
  test: `openagent test [files …]
Runs lint, types and every test, and ends with one line: N passed, N failed, N skipped.
Every test that was left out is named before it, with the reason; with CI=true only those in test/allowed-skips.json may be.
How long a test may take is chosen by a measure of the machine at the start; TEST_SLOWNESS=4 says it instead, for one four times
slower than two quiet cores. Arguments are passed on to vitest, for example a file name or --project pure.`,
  'test-busy': `openagent test-busy [files …]
The same as openagent test, beside four processes that keep the cores busy. They end with it, however it ends.`,
  soak: `openagent soak [--only d1,servers,store,missions,chaos,fuzz,layers] [sizes]
What takes longer than openagent test may: many servers, a large store, thousands of missions, minutes without D1, a chaos run, a fuzz
run, then layers that wait for other processes, alone and beside four busy ones. Less than 40 minutes; goes on after a failure, ends
with one line for each part, and exits 1 when one has failed.
  --only a,b    these parts only
  --minutes N   minutes without D1 while missions stream (10); beside servers and store, since it is mostly waited for
  --servers N   servers of one edge (200)
  --events N    rows of one server's log (1000000), with a hundredth of that missions and a thousandth users
  --missions N  missions of one server, by the real host-agent and OpenCode (5000)
  --faults N    faults of the chaos run (200)
  --frames N    frames and requests of the fuzz run (50000)
  --repeats N   repeats of the layers host, protocol and faults (1)`,
  pack: `openagent pack
Puts the host-agent's npm package, as the edge serves it, into the current directory.`,
  'test-install': `openagent test-install
Installs the host-agent's package on a clean Debian (debootstrap, systemd-nspawn), runs a mission there, updates and removes it.
Needs root and the network: two minutes the first time, one later. Installs debootstrap and systemd-container where they are
missing; where it can't be tried it says why and exits 77.`,
  check: `openagent check
Runs lint (Biome), types (tsc) and the check that migrations/ matches the D1 schema. Exits 1 when one of them fails.`,
  bench: `openagent bench [--only delay,fanout,replay,scale,start,first-answer,polled,hands,cost] [--quick] [--json path]
Measures what the project promises, each figure beside a baseline of the same run, and prints one table: added delay per token,
events a second to viewers, replay, the cost of more missions, billed units in dollars, polled endpoints. About 20 minutes; the
machine should have nothing else to do. Exits 1 when a section could not be measured, not when an aim is missed.
  --only a,b   these sections only
  --quick      short rounds and smaller stores: shows that it works, not how fast it is (5 minutes)
  --json path  also writes the figures, with the machine they are from, to this file`,
  chaos: `openagent chaos [--seed N] [--rounds N] [--from N] [--faults N] [--small]
Runs missions while edge, link, viewers, host-agent and OpenCode are broken at random instants, and compares every log and stream with
what the model sent. Prints the faults by kind, losses and duplicates, and how to play a failed round again; exits 1 when one failed.
  --seed N    draws the same rounds as before; without it another seed each time, which is printed
  --rounds N  at most so many rounds (10)
  --from N    begins with round number N of the seed (0)
  --faults N  no further round after so many faults
  --small     rounds of few messages, as npm test has them`,
};
