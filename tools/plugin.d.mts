/** See plugin.mjs. */
export const pluginFile: string;
export function bundlePlugin(root: string, outfile: string): Promise<unknown>;
