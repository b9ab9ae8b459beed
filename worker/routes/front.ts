import packageJson from '../../package.json';
import { generalRoutes } from '../../shared/routes/general.ts';
import { on, type Served } from '../http/on.ts';
import { publicOrigin } from '../http/origin.ts';
import { pageHeaders } from '../http/page.ts';

const style = `:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:10vh auto;padding:0 1.25rem;overflow-wrap:anywhere}
h1{font-size:1.5rem}code{font-size:.95em}`;

/**
 * `GET /`: what a person sees who opens the address that the start prints. Public, so it says nothing that
 * `/api/health` does not. Relative links and the address as this client knows it: nothing of an install is in the page.
 */
export const front: Served[] = [
  on(generalRoutes.front, ({ c }) => c.html(pageAt(publicOrigin(c)), 200, pageHeaders(style))),
];

const pageAt = (origin: string): string => {
  const address = escaped(origin);
  return `<!doctype html>
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
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
