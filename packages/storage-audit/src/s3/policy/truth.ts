/** Undefined: it cannot be told, since it depends on what was not said of the request. */
export type Truth = boolean | undefined;

export function not(one: Truth): Truth {
  return one === undefined ? undefined : !one;
}

export function any(all: readonly Truth[]): Truth {
  return all.includes(true) ? true : all.includes(undefined) ? undefined : false;
}

export function every(all: readonly Truth[]): Truth {
  return all.includes(false) ? false : all.includes(undefined) ? undefined : true;
}
