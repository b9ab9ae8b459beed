import { homedir } from 'node:os';
import { expect, test } from 'vitest';
import { aliasAsks, askOutcome, bashAsks } from '../../host-agent/hands/commands/asks.ts';
import { whyRefused } from '../../host-agent/hands/commands/whole-machine.ts';

const directory = '/missions/one';
const asksOf = (line: string, cwd = directory) => bashAsks({ line, cwd, directory });
const patternsOf = async (line: string) => (await asksOf(line)).flatMap(({ patterns }) => patterns);
const outsideOf = async (line: string, cwd?: string) =>
  (await asksOf(line, cwd))
    .filter(({ permission }) => permission === 'external_directory')
    .flatMap((ask) => ask.patterns);

test('each program that a line runs is asked for, with what "always" allows of it', async () => {
  expect(await asksOf('git status && FOO=1 npm run build 2>&1 | tee log.txt')).toEqual([
    {
      permission: 'bash',
      patterns: ['git status', 'FOO=1 npm run build 2>&1', 'tee log.txt'],
      always: ['git status *', 'npm run build *', 'tee *'],
      metadata: { command: 'git status && FOO=1 npm run build 2>&1 | tee log.txt' },
    },
  ]);
});

test.each([
  ['echo "$(rm x)" `mv a b`', ['echo "$(rm x)" `mv a b`', 'rm x', 'mv a b']],
  ['if make; then f() { curl x; }; f; fi', ['make', 'curl x', 'f']],
  ['cat <<EOF\n$(whoami)\nEOF', ['cat <<EOF', 'whoami']],
  ['for i in $(seq 3); do sudo rm -rf $i & done', ['seq 3', 'sudo rm -rf $i']],
  ['diff <(sort a) <(sort b)', ['diff <(sort a) <(sort b)', 'sort a', 'sort b']],
  ['cd src && [ -f x ] && (ls)', ['ls']],
  ['> lost.txt', ['> lost.txt']],
  ['x=$(id -u)', ['x=$(id -u)', 'id -u']],
])('%j is asked for as what it runs', async (line, patterns) => {
  expect(await patternsOf(line)).toEqual(patterns);
});

test.each(['echo "unterminated', 'if true; then', 'echo $(', 'a && && b', '('.repeat(5000)])(
  'a line that is no bash is asked for as a whole: %j',
  async (line) => {
    expect(await asksOf(line)).toMatchObject([{ permission: 'bash', patterns: [line], always: [line] }]);
  },
);

test.each([
  ['cat /etc/passwd', ['/etc/*']],
  ['cp notes.txt "/srv/a b/c"', ['/srv/a b/*']],
  ['rm -rf ../two ./three', ['/missions/*']],
  ['touch ~/x $HOME/y', [`${homedir()}/*`]],
  ["mkdir '~/x'", []],
  ['cat /etc/*.conf /usr/{bin,lib}', ['/etc/*', '/usr/*']],
  ['cd /tmp && ls /var', ['/tmp/*']],
  ['cat $(which node) $X/y', []],
  ['grep -r x /etc', []],
  ['chmod +x run.sh', []],
])('%j names these places outside of the mission: %j', async (line, patterns) => {
  expect(await outsideOf(line)).toEqual(patterns);
});

test('of a long line people are shown the beginning, and one that nobody could look through is not asked for', async () => {
  const asks = await asksOf(`echo ${'x'.repeat(20_000)}`);

  expect(String(asks[0]?.metadata.command)).toHaveLength(4000);
  expect(asks[0]?.patterns).toEqual([`echo ${'x'.repeat(20_000)}`]);
  expect(askOutcome(asks)).toEqual({ kind: 'asks', asks });
  expect(askOutcome(await asksOf('make all;'.repeat(9_000) + 'echo '.repeat(40_000)))).toMatchObject({
    kind: 'failed',
  });
});

test('a directory outside of the mission to run in is asked for too, and first', async () => {
  expect((await asksOf('ls', '/usr')).map(({ permission, patterns }) => [permission, patterns])).toEqual([
    ['external_directory', ['/usr/*']],
    ['bash', ['ls']],
  ]);
  expect(await asksOf('cd ..', '/missions/one/sub')).toEqual([]);
});

test('the alias asks under its own name alone', async () => {
  expect((await aliasAsks('cat /etc/passwd')).map(({ permission }) => permission)).toEqual(['workspace_bash']);
});

test.each([
  'rm -rf /',
  'sudo rm -fr --no-preserve-root //',
  'cd /tmp; rm -r /*',
  'rm -rf "/$UNSET"',
  'find / -name x',
  'nohup find /. -type f',
  'nice -n 5 grep -rn secret /',
  'ls -lR /',
  'time du -sh /',
  'dd if=/dev/sda of=disk.img',
  'dd if=image of=/dev/nvme0n1',
  'echo x > /dev/sda1',
  'x=$(rm -rf /)',
])('%j is refused on a machine', async (line) => {
  expect(await whyRefused(line)).toMatch(/^It would /);
});

test.each([
  'rm -rf /tmp/x ./y',
  'find /root -name x',
  'grep -r x .',
  'ls /',
  'make > /dev/null 2>/dev/stderr',
  'dd if=/dev/zero of=big bs=1M count=1',
  'echo "rm -rf /"',
])('%j is not refused', async (line) => {
  expect(await whyRefused(line)).toBeNull();
});
