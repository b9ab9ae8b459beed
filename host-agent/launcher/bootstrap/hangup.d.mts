/** See hangup.mjs. */
export const ignoresHangup: () => boolean;
