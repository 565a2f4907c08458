/** Where a text stops being the beginning of JSON; undefined when it is JSON. */
export function notJsonAt(text: string): number | undefined {
  if (canBegin(text) === 'whole') return undefined;
  // V8 tells the place of some mistakes only.
  let sound = 0;
  let broken = text.length + 1;
  while (broken - sound > 1) {
    const middle = Math.floor((sound + broken) / 2);
    if (canBegin(text.slice(0, middle)) === undefined) broken = middle;
    else sound = middle;
  }
  return sound;
}

function canBegin(text: string): 'whole' | 'part' | undefined {
  try {
    JSON.parse(text);
    return 'whole';
  } catch (error) {
    const { message } = error as Error;
    const [, position] = /at position (\d+)/.exec(message) ?? [];
    const atTheEnd = message.includes('end of JSON input') || Number(position) === text.length;
    return atTheEnd ? 'part' : undefined;
  }
}
