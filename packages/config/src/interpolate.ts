/** What is wrong with a reference to the environment. */
export class InterpolationProblem {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

// In this order: an escape, a reference, the beginning of one that never ends.
const REFERENCE = /\$\$\{|\$\{([^}]*)\}|\$\{/g;
const INSIDE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/;

/** Whether a text would be changed by `interpolate`. */
export function hasReference(text: string): boolean {
  return text.includes('${');
}

/**
 * Puts in what the environment has: `${NAME}`, and `${NAME:-default}` for where it is not set or empty. `$${` stands for `${`. What is put
 * in is not looked at again. No problem tells a value, because a variable can hold a secret by mistake.
 */
export function interpolate(text: string, env: NodeJS.ProcessEnv): string | InterpolationProblem {
  let problem: InterpolationProblem | undefined;
  const put = text.replace(REFERENCE, (found, inside: string | undefined) => {
    if (found === '$${') return '${';
    const value = lookUp(inside, env);
    if (typeof value === 'string') return value;
    problem ??= value;
    return '';
  });
  return problem ?? put;
}

function lookUp(inside: string | undefined, env: NodeJS.ProcessEnv): string | InterpolationProblem {
  const [whole, name, otherwise] = INSIDE.exec(inside ?? '') ?? [];
  if (whole === undefined || name === undefined) {
    return new InterpolationProblem(
      `has a $\{ that is neither $\{NAME} nor $\{NAME:-default}; $$\{ stands for $\{ itself.`,
    );
  }
  const hint = `set it, or give a default: \${${name}:-…}`;
  // Its own: every object has a `constructor`, process.env too.
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  return (
    value ||
    (otherwise ??
      new InterpolationProblem(`needs the environment variable ${name}, which is not set or empty; ${hint}.`))
  );
}
