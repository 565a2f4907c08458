/** What is wrong with a reference to the environment. */
export class InterpolationProblem {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const BEGIN = '${';
const ESCAPE = '$${';
const INSIDE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/;

/** Whether a text would be changed by `interpolate`. */
export function hasReference(text: string): boolean {
  return text.includes(BEGIN);
}

/** The variables that a text names, whether or not they are set. */
export function variablesOf(text: string): string[] {
  const names: string[] = [];
  put(text, (inside) => {
    const [, name] = INSIDE.exec(inside) ?? [];
    if (name !== undefined) names.push(name);
    return '';
  });
  return names;
}

/**
 * What a text can become, as far as it says so itself: with its references without their defaults, with the defaults for them, and each default
 * by itself, whatever the others then are.
 */
export function formsOf(text: string): string[] {
  const defaults: string[] = [];
  const form = (withDefaults: boolean): string => {
    const made = put(text, (inside) => {
      const [, name, otherwise] = INSIDE.exec(inside) ?? [];
      if (name === undefined) return malformed();
      if (withDefaults && otherwise) defaults.push(otherwise);
      return (withDefaults && otherwise) || `\${${name}}`;
    });
    return made instanceof InterpolationProblem ? text : made;
  };
  return [form(false), form(true), ...defaults];
}

/**
 * Puts in what the environment has: `${NAME}`, and `${NAME:-default}` for where it is not set or empty. `$${` stands for `${`. What is put
 * in is not looked at again. No problem tells a value, because a variable can hold a secret by mistake.
 */
export function interpolate(text: string, env: NodeJS.ProcessEnv): string | InterpolationProblem {
  return put(text, (inside) => lookUp(inside, env));
}

/** From left to right, once: a regular expression would look for the end of each `${` anew. */
function put(
  text: string,
  valueFor: (inside: string) => string | InterpolationProblem,
): string | InterpolationProblem {
  let result = '';
  let at = 0;
  for (;;) {
    const begin = text.indexOf(BEGIN, at);
    if (begin < 0) return result + text.slice(at);
    const isEscape = begin > at && text.startsWith(ESCAPE, begin - 1);
    const end = isEscape ? begin + 1 : text.indexOf('}', begin);
    if (end < 0) return malformed();
    const value = isEscape ? '{' : valueFor(text.slice(begin + BEGIN.length, end));
    if (value instanceof InterpolationProblem) return value;
    result += text.slice(at, begin) + value;
    at = end + 1;
  }
}

function malformed(): InterpolationProblem {
  return new InterpolationProblem(
    `has a $\{ that is neither $\{NAME} nor $\{NAME:-default}; $$\{ stands for $\{ itself.`,
  );
}

function lookUp(inside: string, env: NodeJS.ProcessEnv): string | InterpolationProblem {
  const [whole, name, otherwise] = INSIDE.exec(inside) ?? [];
  if (whole === undefined || name === undefined) return malformed();
  const hint = `set it, or give a default: \${${name}:-…}`;
  // Its own: every object has a `constructor`, process.env too.
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  return (
    value ||
    (otherwise ??
      new InterpolationProblem(`needs the environment variable ${name}, which is not set or empty; ${hint}.`))
  );
}
