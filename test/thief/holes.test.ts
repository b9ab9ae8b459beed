// Each hole is planted once, and the thief sees it; where there is none it sees nothing.
import { chmodSync, copyFileSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { noPlace, unless } from '../support/needs.ts';
import { uniqueSeconds } from '../support/processes.ts';
import { type Ground, ground, type Hole } from './hole.ts';
import { marksOfOthers } from './loot.ts';
import { stillThere } from './visit.ts';

/** A file of root's with the secret in it. */
const secretFile = ({ around, secret }: Ground, mode: number): string => {
  const path = join(around, 'secret.txt');
  writeFileSync(path, secret);
  chmodSync(path, mode);
  return path;
};

const listening = async (server: Server, path?: string): Promise<string> => {
  await new Promise<void>((resolve) => (path ? server.listen(path, resolve) : server.listen(0, '127.0.0.1', resolve)));
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address ? `http://127.0.0.1:${address.port}` : String(address);
};

const tested = test.skipIf(noPlace);
const asThief = 'setpriv --reuid 799999 --regid 799999 --clear-groups';

/** That an attempt says something like `says` where `hole` was made for it. */
const sees = (attempt: string, hole: string, make: (at: Ground) => Hole | Promise<Hole>, says: RegExp): void =>
  tested(unless(noPlace, `${attempt} finds ${hole}`), async () => {
    const at = ground();
    const got = await at.attempt(attempt, await make(at));
    expect(got.filter((item) => says.test(item))).not.toEqual([]);
  });

tested(unless(noPlace, 'where there is no hole, no attempt finds one'), async () => {
  const at = ground();
  const hidden = secretFile(at, 0o600);
  const names = ['environments', 'descriptors', 'roots', 'memories', 'tracing', 'secretFiles', 'wholePlaces', 'writes'];
  const more = ['kills', 'setUidFiles', 'otherUsers', 'devices', 'mounts', 'kernelSettings', 'userNamespace', 'calls'];
  const plan = { secretFiles: [hidden], places: [at.around], unwritable: [at.around, hidden], victims: [2] };
  const got = await at.attempt([...names, ...more, 'identity'].join(' '), {
    plan,
    before: 'unset secret; sleep 1000 &',
  });
  expect(got).toEqual([]);
});

sees(
  'environments',
  'a process of the same user with a secret in its environment',
  () => ({ before: `key=$secret ${asThief} sleep 1000 & unset secret; sleep 0.5` }),
  /secret .*\/environ/,
);
sees(
  'descriptors',
  'a file of root that was left open for it',
  (at) => ({ inherited: openSync(secretFile(at, 0o600), 'r') }),
  /secret .*\/fd\/4/,
);
sees(
  'roots',
  'a way through the root of a process',
  (at) => ({ plan: { secretFiles: [secretFile(at, 0o644)] }, first: 'sleep 1000 &' }),
  /secret .*\/root/,
);
sees(
  'memories',
  'a process of the same user that knows a secret',
  () => ({
    before: `mkfifo -m 666 read; echo "$secret" | ${asThief} perl -e '$s = <STDIN>; open F, ">", "read"; close F; sleep 1000' & unset secret; cat read`,
  }),
  /secret .*\/mem/,
);
sees(
  'tracing',
  'the right to trace',
  () => ({ capabilities: ['sys_ptrace'], before: 'sleep 1000 &' }),
  /reins of a process of another/,
);
sees('secretFiles', 'a file that all may read', (at) => ({ plan: { secretFiles: [secretFile(at, 0o644)] } }), /secret/);
sees(
  'secretFiles',
  'the right to read everything',
  (at) => ({ plan: { secretFiles: [secretFile(at, 0o600)] }, capabilities: ['dac_override'] }),
  /secret/,
);
sees(
  'wholePlaces',
  'a file that all may read, wherever it is',
  (at) => {
    secretFile(at, 0o644);
    return { plan: { places: [at.around] } };
  },
  /secret/,
);
sees(
  'writes',
  'a directory that all may write to',
  (at) => {
    const open = join(at.around, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    return { plan: { unwritable: [open] } };
  },
  /made a file in/,
);
sees(
  'sockets',
  'a socket that lets everybody in',
  async (at) => {
    const path = join(at.around, 'open.sock');
    await listening(
      createServer((socket) => socket.on('error', () => undefined).end('{}')),
      path,
    );
    chmodSync(path, 0o777);
    return { plan: { sockets: [path] } };
  },
  /somebody at a socket/,
);
sees(
  'ports',
  'a server that answers without a login',
  async () => ({ plan: { openCode: await listening(createHttpServer((_, response) => void response.end('{}'))) } }),
  /an answer .*\/config\/providers without a login/,
);
sees(
  'ports',
  'a login by a password that can be guessed',
  async () => {
    const guessed = `Basic ${Buffer.from('opencode:changeme').toString('base64')}`;
    const server = createHttpServer(({ headers }, response) => {
      response.writeHead(headers.authorization === guessed ? 200 : 401).end();
    });
    return { plan: { openCode: await listening(server) } };
  },
  /an answer .* with a login that it made/,
);
sees(
  'setUidFiles',
  'a shell with the set-uid bit of root',
  ({ around }) => {
    const shell = join(around, 'shell');
    copyFileSync('/bin/sh', shell);
    chmodSync(shell, 0o4755);
    return { plan: { setUid: [shell] } };
  },
  /a mark of another user/,
);
sees(
  'otherUsers',
  'the right to become others',
  () => ({ capabilities: ['setuid', 'setgid'] }),
  /a mark of another user/,
);
sees(
  'later',
  'somebody of root who runs things later',
  (at) => {
    const bin = join(at.around, 'bin');
    const queue = join(at.around, 'queue');
    mkdirSync(bin);
    writeFileSync(join(bin, 'at'), `#!/bin/sh\ncat > ${queue}; cat ${queue}.done\n`);
    chmodSync(join(bin, 'at'), 0o755);
    const daemon = `sh ${queue}; echo done > ${queue}.done`;
    const before = `mkfifo -m 666 ${queue} ${queue}.done; (${daemon}) &`;
    return { before, plan: { path: `${bin}:${process.env.PATH}` } };
  },
  /a mark of another user \(at/,
);
sees('devices', 'the right to make devices', () => ({ capabilities: ['mknod'] }), /a device/);
sees('mounts', 'the right to mount', () => ({ capabilities: ['sys_admin'] }), /a mount/);
sees(
  'kernelSettings',
  'a setting that everybody may change',
  (at) => {
    const setting = join(at.around, 'cgroup.procs');
    writeFileSync(setting, '');
    chmodSync(setting, 0o666);
    return { plan: { cgroups: [setting] } };
  },
  /a setting of the kernel/,
);
sees(
  'limits',
  'that it may have any number of processes',
  () => ({ before: 'prlimit --pid $$ --nproc=unlimited' }),
  /a limit/,
);
sees(
  'uncovered',
  'what is below a cover that it may take off',
  (at) => {
    const path = secretFile(at, 0o644);
    const cover = `mount --bind ${at.directory} ${at.around}/covered`;
    mkdirSync(join(at.around, 'covered'));
    writeFileSync(join(at.around, 'covered', 'secret.txt'), at.secret);
    return {
      plan: { secretFiles: [join(at.around, 'covered', 'secret.txt'), `${path}.none`] },
      capabilities: ['sys_admin'],
      takesCoversOff: true,
      before: `rm ${path}; ${cover}`,
    };
  },
  /secret/,
);
sees('calls', 'the right to open files by their number', () => ({ capabilities: ['dac_read_search'] }), /handle/);
sees(
  'kills',
  'the right to end processes of others',
  () => ({ capabilities: ['kill'], before: 'sleep 1000 &', plan: { victims: [2] } }),
  /life of a process/,
);
tested(unless(noPlace, 'traps tell of whoever steps into them'), async () => {
  const at = ground();
  const git = 'git -c safe.directory=* status > status.txt 2>&1';
  expect(await at.attempt('traps', { first: 'git init --quiet .', after: 'sleep 0' })).toEqual([]);
  expect(marksOfOthers(at.directory)).toEqual([]);
  await at.attempt('identity', { before: git });
  expect(marksOfOthers(at.directory)).toEqual([expect.stringMatching(/tree-fsmonitor.*stepped into by user 0/)]);
});

tested(unless(noPlace, 'what it leaves running is seen for as long as it runs'), async () => {
  const at = ground();
  const ways = ['nohup', 'setsid', 'forked', 'nameless', 'deaf', 'daemon', 'node'];
  const sleeps = Object.fromEntries(ways.map((way) => [way, uniqueSeconds()]));
  const visit = at.attempt('survivors', { plan: { sleeps }, after: 'until [ -e over ]; do sleep 0.1; done' });
  await vi.waitFor(() => expect(stillThere(sleeps).sort()).toEqual(ways.sort()));
  writeFileSync(join(at.directory, 'over'), '');
  expect(await visit).toEqual([]);
  await vi.waitFor(() => expect(stillThere(sleeps)).toEqual([]));
});
