import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import * as z from 'zod';
import type { StateFiles } from '../config/state-files.ts';
import { readStateJson } from '../launcher/state/state-json.ts';
import { writePrivateFile } from '../process/private-file.ts';

/**
 * An enrolment that may be half done: written before the edge is asked, removed when host.json is there. With its
 * secret, and only with it, the edge answers for a used code once more, so that an answer that was lost costs nothing.
 */
const attemptFile = z.object({ url: z.string(), codeSha256: z.string(), secret: z.string() });
export type Attempt = z.infer<typeof attemptFile>;

/** The attempt with this code at this edge that was begun earlier, else a new one. */
export const attemptFor = async (files: StateFiles, wanted: Pick<Attempt, 'url' | 'codeSha256'>): Promise<Attempt> => {
  const begun = await readStateJson(files.enrolment, attemptFile);
  if (begun?.url === wanted.url && begun.codeSha256 === wanted.codeSha256) return begun;
  const attempt = { ...wanted, secret: randomBytes(32).toString('base64url') };
  await writePrivateFile(files.enrolment, JSON.stringify(attempt));
  return attempt;
};

export const forgetAttempt = (files: StateFiles): Promise<void> => rm(files.enrolment, { force: true });
