import { createHash } from 'node:crypto';
import packageJson from '../../package.json';
import { routes } from '../http/context.ts';
import { publicOrigin } from '../http/origin.ts';

const style = `:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:10vh auto;padding:0 1.25rem;overflow-wrap:anywhere}
h1{font-size:1.5rem}code{font-size:.95em}`;

/** Nothing is loaded, run, framed or sent from here; the one style is named by its hash. */
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * `GET /`: what a person sees who opens the address that the start prints. Public, so it says nothing that `/api/health` does not.
 * Relative links and the address as this client knows it: nothing of an install is in the page.
 */
export const front = routes().get('/', (c) => {
  const address = escaped(publicOrigin(c));
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Open Agent</title>
<style>${style}</style>
<h1>Open Agent is running</h1>
<p>A control plane for coding agents that run on your own servers, version ${escaped(packageJson.version)}.</p>
<p>Dashboards and apps connect to this address: <code>${address}</code></p>
<p>The API is below <code>${address}/api</code>; <a href="/api/health">/api/health</a> shows how to log in.</p>
<p>README.md and INSTALL.md of its sources describe it, docs/ the API.</p>
</html>
`;
  return c.html(page, 200, {
    'Content-Security-Policy': policy,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-cache',
  });
});

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
