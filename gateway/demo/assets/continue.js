// Logto's pages go on by themselves: follow the marked link, or send the marked form.
const next = document.querySelector("[data-continue]");
if (next instanceof HTMLFormElement) {
  next.submit();
} else if (next instanceof HTMLAnchorElement) {
  location.replace(next.href);
}
