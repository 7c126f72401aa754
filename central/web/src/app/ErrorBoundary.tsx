import { Component, type ReactNode } from "react";
import { ErrorNotice } from "../design/States";

/** A page that breaks leaves the others usable. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(thrown: unknown): { error: Error } {
    return { error: thrown instanceof Error ? thrown : new Error(String(thrown)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <ErrorNotice
        error={error}
        onRetry={() => {
          // A page that was loaded before an update asks for files that are gone.
          window.location.reload();
        }}
      />
    );
  }
}
