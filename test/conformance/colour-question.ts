/** What the scripted agent asks by its question tool: the tool's arguments as JSON. */
export const colourQuestion = JSON.stringify({
  questions: [
    {
      question: 'Which colour?',
      header: 'Colour',
      options: [
        { label: 'Red', description: 'warm' },
        { label: 'Blue', description: 'cold' },
      ],
    },
  ],
});
