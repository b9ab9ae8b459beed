/**
 * Why a path is of no use, as a sentence with what to do. `name` says whose path it is, `otherwise` what an unknown
 * error means.
 */
export const sentenceOf = (name: string, path: string, error: unknown, otherwise = "it can't be used"): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const why = reasons[code];
  if (why) return `${name} can't be ${path}: ${why}`;
  const said = error instanceof Error ? error.message : String(error);
  return `${name} can't be ${path}: ${otherwise} (${said}). Set another one, on a disk of this machine.`;
};

const reasons: Record<string, string> = {
  EACCES: 'this user may not write there. Change its owner or mode, or set another one.',
  EROFS: 'that disk is mounted read-only. Mount it writable, or set another one.',
  ENOSPC: 'there is no room left. Free some, or set one on a larger disk.',
  EDQUOT: "this user's quota is used up. Free some room, or set another one.",
  ENOENT: 'nothing can be made there. Make it yourself if that is possible, or set another one.',
  ENOTDIR: 'a part of the path is a file. Move it away, or set another one.',
  ELOOP: 'its symbolic links go round in a circle. Mend them, or set another one.',
  ENAMETOOLONG: 'a name in it is longer than the file system takes (255 bytes). Set another one.',
  EIO: 'the disk answers with errors. Look at `dmesg`, and set one on another disk.',
  ENOTCONN: 'the network or FUSE disk is disconnected. Mount it again, or set another one.',
  ESTALE: 'the network disk has lost that directory. Mount it again, or set another one.',
};
