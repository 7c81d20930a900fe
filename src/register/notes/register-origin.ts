/** What a register is called in its checkpoints, and who signs them. */
export function originOf(registerId: string): string {
  return `strongroom/register/${registerId}`;
}
