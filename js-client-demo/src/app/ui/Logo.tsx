/** The product's mark. */
export function Logo() {
  return <img className="logo" src="/favicon.svg" alt="" width="32" height="32" />;
}
