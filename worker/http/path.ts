/** The path routes are matched by: the iOS app joins a base URL ending in `/` with `/api/…` (contract §1.1). */
export const collapsedPath = (request: Request): string => new URL(request.url).pathname.replace(/\/{2,}/g, '/');
