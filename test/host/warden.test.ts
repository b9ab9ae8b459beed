// Places of the warden on this machine: what a command of an agent is, sees and can do there.
import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { missionId } from '../../shared/ids.ts';
import { noMount, unless } from '../support/needs.ts';
import { processesIn, startPlaces } from '../support/places.ts';

const lines = (text: string): string[] => text.trim().split('\n');

describe.skipIf(noMount)(unless(noMount, 'in a place'), () => {
  test('agents of two owners are two users without any right, each with a name, a home and its own mission', async () => {
    const places = await startPlaces();
    const ada = await places.mission('ada');
    const bob = await places.mission('bob');
    const who =
      'id -u; whoami; echo $HOME; pwd; stat -c "%u %a" . ~; grep -h -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status';

    const [first, second] = [await places.bash(ada.directory, who), await places.bash(bob.directory, who)];

    const expected = (uid: number, directory: string) => [
      ...[`${uid}`, `agent-${uid}`, `/home/agent-${uid}`, directory, `${uid} 700`, `${uid} 700`],
      ...['CapEff:\t0000000000000000', 'CapBnd:\t0000000000000000', 'NoNewPrivs:\t1'],
    ];
    expect(lines(first)).toEqual(expected(700_000, ada.directory));
    expect(lines(second)).toEqual(expected(700_001, bob.directory));
  });

  test('nothing of ours, of root or of other owners is there', async () => {
    const places = await startPlaces();
    const ada = await places.mission('ada');
    const bob = await places.mission('bob', (directory) => writeFileSync(join(directory, 'secret'), 'of bob'));
    await places.bash(bob.directory, 'sleep 1000 & echo $! > ~/pid; echo mine > /tmp/left');

    const seen = await places.bash(
      ada.directory,
      `ls -A /root /home /run /tmp ${places.workingDir}; ls ${places.workingDir}/workspaces; cat ${bob.directory}/secret; ` +
        'ps -e -o uid= | sort -u; ls -d /proc/[0-9]* | wc -l; ls /dev; find / -xdev -name "*.sock" 2>/dev/null; pgrep sleep',
    );

    expect(seen).not.toContain('.openagent');
    expect(seen).not.toContain('of bob');
    expect(seen).not.toContain('left');
    expect(seen).not.toContain('.sock\n');
    expect(seen).toContain(`cannot open directory '${places.workingDir}/workspaces': Permission denied`);
    expect(seen).toContain(`${bob.directory}/secret: Permission denied`);
    expect(seen).toMatch(/\n\s*700000\n/);
    expect(seen).not.toMatch(/\n\s*(0|700001)\n/);
    expect(seen).toContain('ended with exit code 1]');
    const all = [
      'core',
      'fd',
      'full',
      'null',
      'ptmx',
      'pts',
      'random',
      'shm',
      'stderr',
      'stdin',
      'stdout',
      'tty',
      'urandom',
      'zero',
    ];
    expect(seen).toContain(all.slice(1).join('\n'));
  });

  test('a set-uid program of root gives nobody anything', async () => {
    const places = await startPlaces();
    const { directory } = await places.mission('ada');
    copyFileSync('/usr/bin/id', join(directory, 'id'));
    chmodSync(join(directory, 'id'), 0o4755);

    expect(await places.bash(directory, './id -u')).toBe('700000');
    expect(await places.bash(directory, 'su -c id </dev/null')).not.toContain('uid=0');
    expect(await places.bash(directory, 'mount -t tmpfs x /tmp || unshare --mount true')).toContain('exit code 1');
  });

  test('the system is read-only, and what is written is the owner’s', async () => {
    const places = await startPlaces();
    const { directory } = await places.mission('ada');

    const said = await places.bash(
      directory,
      'touch mine /tmp/t ~/h; touch /usr/x /etc/x /var/x /x; ls /usr/bin | wc -l',
    );

    expect(statSync(join(directory, 'mine')).uid).toBe(700_000);
    for (const path of ['/usr/x', '/etc/x', '/var/x']) expect(said).toContain(`'${path}': Read-only file system`);
    expect(said).toContain("'/x': Permission denied");
  });

  test('home and temporary files are there again for the next actor, and a daemon of before is not', async () => {
    const places = await startPlaces();
    const { directory } = await places.mission('ada');
    await places.bash(
      directory,
      'echo kept > ~/file; echo kept > /tmp/file; setsid env -i sleep 1000 >/dev/null 2>&1 &',
    );
    expect(await places.bash(directory, 'pgrep sleep | wc -l')).toBe('1');

    process.kill(places.hands.actor(), 'SIGKILL');
    await expect.poll(places.hands.log).toContain('actor.ended');

    expect(await places.bash(directory, 'cat ~/file /tmp/file; pgrep sleep | wc -l')).toBe('kept\nkept\n0');
  });

  test('a directory of an older version is given whole, through no link and no second name', async () => {
    const places = await startPlaces();
    const outside = join(places.workingDir, 'outside');
    writeFileSync(outside, 'of the machine');
    const other = join(places.workingDir, 'other');
    mkdirSync(other);

    const { directory } = await places.mission('ada', (path) => {
      mkdirSync(join(path, 'deep', 'er'), { recursive: true });
      writeFileSync(join(path, 'deep', 'er', 'file'), 'x');
      symlinkSync(outside, join(path, 'link'));
      symlinkSync(other, join(path, 'directory'));
      linkSync(outside, join(path, 'second'));
    });

    expect(await places.bash(directory, 'find . -user 700000 | sort')).toBe(
      '.\n./deep\n./deep/er\n./deep/er/file\n./directory\n./link',
    );
    expect([outside, other].map((path) => statSync(path).uid)).toEqual([0, 0]);
  });

  test('a directory that is another owner’s, a link, or not the mission’s is not given', async () => {
    const places = await startPlaces();
    const { mission, directory } = await places.mission('ada');

    await expect(places.client.give({ mission, owner: 'bob', directory })).rejects.toThrow("another user's missions");
    await expect(places.client.give({ mission, owner: 'ada', directory: '/etc' })).rejects.toThrow('and not /etc');
    const link = missionId.parse('00000000-0000-4000-8000-000000000000');
    const linked = join(places.workingDir, 'workspaces', 'mission-00000000');
    symlinkSync('/etc', linked);
    await expect(places.client.give({ mission: link, owner: 'ada', directory: linked })).rejects.toThrow(
      /ELOOP|ENOTDIR/,
    );
    expect(statSync('/etc').uid).toBe(0);
  });

  test('a fork bomb meets its bound, another owner goes on, and the end of its turn ends all of it', async () => {
    const places = await startPlaces({ maxTasks: 60 });
    const ada = await places.mission('ada');
    const bob = await places.mission('bob');
    const turn = new AbortController();
    const bomb = places
      .bash(ada.directory, 'bomb() { bomb | bomb & }; bomb; sleep 1000', turn.signal)
      .catch(() => 'cancelled');
    const shells = (): number => processesIn(ada.directory).filter((name) => name === 'bash').length;
    await expect.poll(shells).toBeGreaterThan(30);

    expect(await places.bash(bob.directory, 'for i in 1 2 3 4 5; do sleep 0.01 & done; wait; echo well')).toContain(
      'well',
    );
    expect(processesIn(ada.directory).length).toBeLessThanOrEqual(60);
    turn.abort();
    await bomb;

    await expect.poll(shells).toBe(0);
    expect(await places.bash(ada.directory, 'echo well')).toBe('well');
  });

  test('closed directories on the way to it close nothing, and nothing else in them is seen', async () => {
    const places = await startPlaces({ below: '/srv' });
    writeFileSync(join(places.workingDir, 'private'), 'x');
    const { directory } = await places.mission('ada');

    expect(await places.bash(directory, `pwd; ls ${places.workingDir}`)).toBe(`${directory}\ncontext\nworkspaces`);
  });

  test('AGENT_USER’s user is who agents are, in that user’s home', async () => {
    const user = { name: 'daemon', uid: 1, gid: 1, home: '/usr/sbin' };
    const places = await startPlaces({ user });
    const { directory } = await places.mission('ada');

    expect(await places.bash(directory, 'id -un; echo $HOME; touch mine; stat -c %U mine')).toBe(
      'daemon\n/usr/sbin\ndaemon',
    );
  });

  test('numbers are drawn once for ever', async () => {
    const places = await startPlaces();
    await places.mission('ada');
    await places.mission('bob');
    const path = join(places.config.directory, 'users.json');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      next: 700_002,
      users: [
        ['ada', 700_000],
        ['bob', 700_001],
      ],
    });

    await places.warden.kill();
    writeFileSync(path, JSON.stringify({ next: 700_007, users: [['ada', 700_000]] }));
    places.warden.startAgain();

    const { directory } = await places.mission('bob');
    expect(statSync(directory).uid).toBe(700_007);
  });

  test('a file of numbers that can’t be read stops the warden, which says so', async () => {
    const places = await startPlaces();
    await places.warden.kill();
    writeFileSync(join(places.config.directory, 'users.json'), '{"next":');
    places.warden.startAgain();

    expect(await places.warden.ended()).toBe(1);
    expect(places.warden.log()).toMatch(/users\.json|JSON/);
  });
});
