/** The commands of program.ts, with their lines in the overview; apart from it, so that nothing else has to load it. */
export const personCommands = {
  login: 'log in at an edge, for the commands below',
  logout: 'forget that login',
  run: 'say something to an agent, and show the answer as it comes',
  missions: 'list your missions',
  show: 'show what was said in a mission; --follow shows it live',
  cancel: 'end what runs in a mission',
  answer: 'answer an agent that asks',
} as const;
