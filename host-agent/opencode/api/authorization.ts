/** The user that OpenCode's routes are protected with, unless it was started with another name. */
export const openCodeUser = 'opencode';

/** Value of the `authorization` header that OpenCode asks for (opencode §4). */
export const basicAuthorization = ({ username, password }: { username: string; password: string }): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
