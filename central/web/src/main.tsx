import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { ApiError } from "./api/client";
import { App } from "./app/App";
import { SessionProvider } from "./app/session";
import "./design/tokens.css";
import "./design/base.css";
import { Toasts } from "./design/toasts";

const MOST_RETRIES = 2;

/** Central's refusals stand; what did not arrive is worth another try. */
function worthRetrying(failures: number, error: Error): boolean {
  return failures < MOST_RETRIES && (!(error instanceof ApiError) || error.status === 503);
}

const queries = new QueryClient({
  defaultOptions: { queries: { retry: worthRetrying, staleTime: 10_000 } },
});

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <BrowserRouter>
        <SessionProvider>
          <Toasts>
            <App />
          </Toasts>
        </SessionProvider>
      </BrowserRouter>
    </QueryClientProvider>
  </StrictMode>,
);
