// Becoming somebody else, by all the programs that make one so, by set-uid files and by whoever runs things later.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A program that says who runs it, by the owner of the file that it leaves; `stat` can't be told otherwise. */
export const markIn = (directory) => {
  const marks = join(directory, 'marks');
  mkdirSync(marks, { recursive: true });
  chmodSync(marks, 0o777);
  const program = join(directory, 'mark.sh');
  writeFileSync(program, `#!/bin/sh\n: > ${marks}/$1.$$\n`);
  chmodSync(program, 0o755);
  return { marks, program };
};

/** No program waits for a terminal that there is not; what waits for something else is let go. */
const runMs = 20_000;
const run = (line, env = process.env) =>
  spawnSync('sh', ['-c', line], { stdio: ['ignore', 'pipe', 'pipe'], timeout: runMs, encoding: 'utf8', env });

export const otherUsers = ({ plan, loot, isHarmless }) => {
  const { marks, program } = markIn(plan.directory);
  const ways = [
    `sudo -n ${program} sudo`,
    `sudo -n -u '#0' ${program} sudo-0`,
    `su -c '${program} su' root`,
    `pkexec --disable-internal-agent ${program} pkexec`,
    `doas -n ${program} doas`,
    `sg root -c '${program} sg'`,
    `setpriv --reuid=0 --clear-groups ${program} setpriv`,
    `runuser -u root -- ${program} runuser`,
    `chroot / ${program} chroot`,
    `nsenter --target 1 --all ${program} nsenter`,
    `machinectl -q shell root@.host ${program} machinectl`,
    `unshare --user --map-root-user ${program} user-namespace`,
    `perl -e '$< = 0; $> = 0; $( = 0; exec @ARGV' ${program} setuid`,
    `setcap cap_setuid+ep ${program} && ${program} setcap`,
  ];
  for (const way of isHarmless ? ways : []) {
    loot.tried();
    run(way);
  }
  ofAnother(marks, loot);
};

/** A shell with `-p` stays what the bit has made of it; another program that it starts would not. */
export const setUidFiles = ({ plan, loot, isHarmless }) => {
  const { marks } = markIn(plan.directory);
  for (const place of isHarmless ? plan.own : []) {
    for (const mode of [0o4755, 0o2755, 0o6755]) {
      loot.tried();
      const shell = join(place, `shell-${mode}`);
      try {
        copyFileSync('/bin/sh', shell);
        run(`chown 0:0 ${shell}`);
        chmodSync(shell, mode);
        run(`${shell} -p -c ': > ${marks}/set-uid-own'`);
        rmSync(shell);
      } catch {
        // No place for it.
      }
    }
  }
  for (const file of plan.setUid) {
    loot.tried();
    if (isHarmless && existsSync(file)) run(`${file} -p -c ': > ${marks}/set-uid-given'`);
  }
  ofAnother(marks, loot);
};

/** What is left to others to run, now or later; what they take is as bad as what they run. */
export const later = ({ plan, loot, isHarmless }) => {
  const { marks, program } = markIn(plan.directory);
  const ways = {
    at: `echo '${program} at' | at now`,
    batch: `echo '${program} batch' | batch`,
    crontab: `echo '* * * * * ${program} cron' | crontab -`,
    'systemd-run': `systemd-run --quiet ${program} systemd`,
    'systemd-run --user': `systemd-run --user --quiet ${program} systemd-user`,
    'systemctl --user': 'systemctl --user list-units',
    loginctl: 'loginctl enable-linger',
    busctl: 'busctl list',
    'tmux of root': `tmux -S /tmp/tmux-0/default list-sessions && tmux -S /tmp/tmux-0/default new-window ${program}`,
    screen: `screen -S root/ -X exec ${program} screen`,
  };
  for (const [name, way] of Object.entries(isHarmless ? ways : {})) {
    loot.tried();
    const { status } = run(way, { ...process.env, PATH: plan.path ?? process.env.PATH });
    if (status === 0) loot.take('somebody who runs things later', name);
  }
  ofAnother(marks, loot);
};

/** Who has left a mark that the thief could not leave itself. */
const ofAnother = (marks, loot) => {
  for (const name of readdirSync(marks)) {
    const { uid } = statSync(join(marks, name));
    if (uid !== process.getuid()) loot.take('a mark of another user', `${name} by ${uid}`);
  }
};
