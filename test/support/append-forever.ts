/**
 * A process that appends rows until it is killed: `node append-forever.ts <store> <host id>`. Prints n after each
 * commit.
 */
import { writeSync } from 'node:fs';
import { openStore } from '../../host-agent/store/store.ts';
import { hostId } from '../../shared/ids.ts';

const [path = '', host] = process.argv.slice(2);
const { outbox, heads } = openStore(path, hostId.parse(host));
const source = heads.source();

for (let seq = 1; ; seq++) {
  const text = `${seq}:`.padEnd(1 + ((seq * 7919) % 20_000), 'x');
  const row = (half: string) => ({
    at: seq,
    mission: null,
    event: { type: 'host.note', code: half, text } as const,
  });
  outbox.append([row('one'), row('two')], () => heads.advance(source, 'session', seq, `evt_${seq}`));
  writeSync(1, `${outbox.head().n}\n`);
}
