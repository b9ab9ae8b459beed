/** Whose a mission is that turned out to be another server's: no user has this id. */
export const nobody = '';

/** For the server that wrote into it. */
export const foreignText = (mission: string): string => `mission ${mission} belongs to another server`;
