import { expect, test } from 'vitest';
import { covered } from '../../host-agent/process/covered.ts';
import { contain } from '../../host-agent/process/namespace.ts';

const command = ['opencode', 'serve'];

test('with every means the command runs under tini in a PID namespace that dies with its owner', () => {
  const contained = contain(command, { setpriv: true, pidNamespace: true, tini: '/usr/bin/tini' });

  const line =
    '/bin/sh -c trap "" HUP INT TERM; exec "$@" ignoring-signals setpriv --pdeathsig KILL -- unshare --pid --fork --kill-child=KILL --mount-proc -- /usr/bin/tini -- opencode serve';
  expect([contained.file, ...contained.args].join(' ')).toBe(line); // It ignores the signals that everybody is sent.
  expect(contained).toMatchObject({ namespace: true, notGuaranteed: undefined });
});

test('without tini a shell reaps orphans, and the command reaches it only as arguments', () => {
  const hostile = ['a b', '$(touch /tmp/x)'];

  const { args } = contain(hostile, { setpriv: true, pidNamespace: true });

  expect(args.slice(-6)).toEqual(['/bin/sh', '-c', '"$@"; exit "$?"', 'init', ...hostile]);
});

test('a namespace that reports says through a shell of its own what the command left, on a descriptor the command does not have', () => {
  const withTini = contain(command, { setpriv: true, pidNamespace: true, tini: '/usr/bin/tini' }, { report: true });
  const without = contain(command, { setpriv: true, pidNamespace: true }, { report: true });

  expect(withTini.args.slice(-8)).toEqual([
    '/usr/bin/tini',
    '--',
    '/bin/sh',
    '-c',
    expect.stringMatching(/^"\$@" 3>&-; .*\/stat .*>&3; exit/),
    'init',
    ...command,
  ]);
  expect([withTini.depth, without.depth]).toEqual([3, 2]);
  expect(without.args).not.toContain('/usr/bin/tini');
});

test('each missing means is named in words', () => {
  const lacking = (setpriv: boolean, pidNamespace: boolean) => contain(command, { setpriv, pidNamespace });

  expect(lacking(true, false)).toMatchObject({ file: '/bin/sh', namespace: false });
  expect(lacking(true, false).notGuaranteed).toContain('leave their process group');
  expect(lacking(false, true).notGuaranteed).toContain('killed owner leaves the namespace');
  expect(lacking(false, false)).toMatchObject({ file: 'opencode', args: ['serve'] });
  expect(lacking(false, false).notGuaranteed).toContain('killed owner leaves all of it');
});

test('a cover is mounted before the command becomes that process, which gets all of it as arguments', () => {
  const cover = { shown: '/seen $(x)', over: '/work' };

  const asRoot = covered(command, cover, 'as root');
  const byUser = covered(command, cover, 'in a user namespace');

  const script = 'mount --rbind -- "$1" "$2" && shift 2 && exec "$@"';
  expect(asRoot).toEqual([
    'unshare',
    '--mount',
    '--',
    '/bin/sh',
    '-c',
    script,
    'covered',
    '/seen $(x)',
    '/work',
    ...command,
  ]);
  expect(byUser.slice(0, 5)).toEqual(['unshare', '--user', '--map-root-user', '--mount', '--']);
  expect(byUser.slice(-4)).toEqual([String(process.getuid?.()), String(process.getgid?.()), ...command]);
});
