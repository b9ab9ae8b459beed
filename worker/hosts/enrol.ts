import { randomBytes, randomUUID } from 'node:crypto';
import type { EnrolBody, EnrolResponse } from '../../shared/enrolment.ts';
import { enrolResponse } from '../../shared/enrolment.ts';
import { AppError } from '../../shared/errors.ts';
import { sha256Hex } from '../digest.ts';
import { directory } from '../directory/directory.ts';
import { isCodeUsable, useCode } from '../directory/enrolment.ts';
import type { Env } from '../env.ts';
import { enrolmentCodeHash } from './enrolment-code.ts';
import { callObject } from './object.ts';

/**
 * Enrols a server by its code and fences the credential it had before. The new credential is in the answer and nowhere
 * else. 403, in one and the same text, for a code that is wrong, used or expired.
 */
export const enrolHost = async (env: Env, body: EnrolBody, now: number): Promise<EnrolResponse> => {
  const db = directory(env);
  const credential = randomBytes(32).toString('base64url');
  const enrolling = {
    codeSha256: enrolmentCodeHash(body.code),
    // A client that sends no attempt cannot repeat the request: this one is known to nobody.
    attemptSha256: sha256Hex(body.attempt ?? randomUUID()),
    credentialSha256: sha256Hex(credential),
    fresh: { id: randomUUID(), workspaceId: randomUUID(), name: body.name ?? 'server' },
    known: body.host ? { id: body.host.id, credentialSha256: sha256Hex(body.host.credential) } : null,
  };
  const host = await useCode(db, enrolling, now);
  if (!host) throw new AppError('forbidden', (await isCodeUsable(db, enrolling, now)) ? unprovenText : uselessText);
  await callObject(env, host.id, (object) =>
    object.setCredential({ sha256: enrolling.credentialSha256, epoch: host.epoch }),
  );
  const { id, name, epoch, workspaceId } = host;
  return enrolResponse.parse({ id, name, credential, epoch, workspace_id: workspaceId });
};

const uselessText =
  'This enrolment code cannot be used: it is wrong, was used already or has expired. Make a new one with `openagent hosts add`.';
const unprovenText =
  'This edge does not know this server by the credential it has (it was removed, or enrolled again elsewhere). Enrol it as a new server with --replace; the code is still good.';
