/** The beginnings of files that agents meet, as bytes written one by one. */
const beginnings: readonly (readonly [string, string])[] = [
  ['\x7fELF', 'a program or library (ELF)'],
  ['PK\x03\x04', 'a ZIP archive, or a document that is one'],
  ['\x1f\x8b', 'compressed by gzip'],
  ['BZh', 'compressed by bzip2'],
  ['\xfd7zXZ', 'compressed by xz'],
  ['\x28\xb5\x2f\xfd', 'compressed by zstd'],
  ['7z\xbc\xaf', 'a 7z archive'],
  ['SQLite format 3', 'a database of SQLite'],
  ['\0asm', 'a WebAssembly module'],
  ['\xca\xfe\xba\xbe', 'a Java class'],
  ['\x89PNG', 'a PNG image, too large to be shown'],
  ['\xff\xd8\xff', 'a JPEG image, too large to be shown'],
  ['GIF8', 'a GIF image, too large to be shown'],
  ['RIFF', 'an image, a sound or a film'],
  ['%PDF-', 'a PDF file, too large to be shown'],
  ['OggS', 'a sound or a film (Ogg)'],
  ['ID3', 'a sound (MP3)'],
];

/** What a binary file is, for a sentence. */
export const describeBinary = (bytes: Buffer, size: number): string => {
  const begin = bytes.subarray(0, 16).toString('latin1');
  const known = beginnings.find(([bytesOfKind]) => begin.startsWith(bytesOfKind));
  return `a binary file of ${size} bytes${known ? `: ${known[1]}` : ''}`;
};
