import { AppError } from '../../shared/errors.ts';
import { generalRoutes } from '../../shared/routes/general.ts';
import { on, type Served } from '../http/on.ts';
import { publicOrigin } from '../http/origin.ts';
import script from '../install/install.sh.txt';

/** Stands in the script for the edge that sends it, as this client reaches it. */
const placeholder = '@EDGE@';

/** What an address is made of: the script is run by a shell, so nothing else gets into it. */
const plainOrigin = /^https?:\/\/[A-Za-z0-9.:[\]-]+$/;

/**
 * `GET /install.sh`: makes a machine one of this edge's servers, `curl -fsS {edge}/install.sh | sh -s -- <code>`.
 * Public, as is the package it fetches, a file of the build (`/api/agent/package.tgz`, and its version and sha-256 in
 * `package.json`).
 */
export const install: Served[] = [
  on(generalRoutes.install, ({ c }) => {
    const origin = publicOrigin(c);
    if (!plainOrigin.test(origin))
      throw new AppError('bad_request', 'This address cannot be written into a shell script');
    return c.body(script.replace(placeholder, origin), 200, {
      'Content-Type': 'text/x-shellscript; charset=utf-8',
      'Cache-Control': 'no-store',
    });
  }),
];
