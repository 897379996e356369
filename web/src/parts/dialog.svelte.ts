// Asking before something is done that cannot be taken back.

/** What is asked. */
export interface Question {
  title: string;
  text: string;
  yes: string;
  danger?: boolean;
}

class Asked {
  question = $state.raw<(Question & { answer: (yes: boolean) => void }) | null>(null);
}

const asked = new Asked();

/** What is being asked now. */
export function question() {
  return asked.question;
}

/** Asks, and waits for the answer. */
export function confirmed(question: Question): Promise<boolean> {
  return new Promise((resolve) => {
    asked.question = {
      ...question,
      answer: (yes) => {
        asked.question = null;
        resolve(yes);
      },
    };
  });
}
