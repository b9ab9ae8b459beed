import { readFileSync } from 'node:fs';

/** Somebody of this machine. */
export interface LinuxUser {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

/** The user of this machine's /etc/passwd with this name; undefined where there is none. */
export const linuxUserNamed = (name: string): LinuxUser | undefined => {
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [known, , uid, gid, , home] = line.split(':');
    if (known === name && uid && gid && home?.startsWith('/'))
      return { name, uid: Number(uid), gid: Number(gid), home };
  }
  return undefined;
};
