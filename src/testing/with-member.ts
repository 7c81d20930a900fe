/** The same object with another member in the place of one; all other methods are called on the object itself. */
export function withMember<T extends object>(target: T, name: keyof T & string, member: unknown): T {
  return new Proxy(target, {
    get(_, property) {
      if (property === name) return member;
      const own = Reflect.get(target, property, target) as unknown;
      return typeof own === "function" ? (own.bind(target) as unknown) : own;
    },
  });
}
