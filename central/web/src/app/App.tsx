import { lazy, type ReactElement, type ReactNode } from "react";
import { Navigate, Route, Routes, useLocation } from "react-router";
import { ErrorNotice, Loading } from "../design/States";
import { LiveProvider } from "../live/live";
import { InvitationPage } from "../pages/login/InvitationPage";
import { LoginPage } from "../pages/login/LoginPage";
import { AcceptNotePage } from "../pages/legal/AcceptNotePage";
import { NotFoundPage } from "../pages/notfound/NotFoundPage";
import { mayOpen } from "./navigation";
import { SchoolProvider } from "./school";
import { useSession, useSessionState } from "./session";
import { Shell } from "./Shell";

const OverviewPage = lazy(() => import("../pages/overview/OverviewPage"));
const ClassroomPage = lazy(() => import("../pages/classroom/ClassroomPage"));
const GroupsPage = lazy(() => import("../pages/groups/GroupsPage"));
const GroupPage = lazy(() => import("../pages/groups/GroupPage"));
const StudentsPage = lazy(() => import("../pages/students/StudentsPage"));
const StudentPage = lazy(() => import("../pages/student/StudentPage"));
const DevicesPage = lazy(() => import("../pages/devices/DevicesPage"));
const AuditPage = lazy(() => import("../pages/audit/AuditPage"));
const SettingsPage = lazy(() => import("../pages/settings/SettingsPage"));
const NotePage = lazy(() => import("../pages/legal/NotePage"));

export function App(): ReactElement {
  return (
    <Routes>
      <Route path="/invitation" element={<InvitationPage />} />
      <Route path="*" element={<LoggedIn />} />
    </Routes>
  );
}

/** The login where nobody is logged in, the legal note until it is accepted, then the page that the address names. */
function LoggedIn(): ReactElement {
  const { session, error, retry } = useSessionState();
  const { key } = useLocation();
  if (error !== null) return <ErrorNotice error={error} onRetry={retry} />;
  if (session === undefined) return <Loading />;
  if (session === null) return <LoginPage />;
  if (!session.legal_note_accepted) return <AcceptNotePage key={key} />;
  const live = session.role !== "technician";
  return (
    <SchoolProvider school={session.school}>
      <LiveProvider enabled={live} key={session.account}>
        <Pages live={live} />
      </LiveProvider>
    </SchoolProvider>
  );
}

function Pages({ live }: { live: boolean }): ReactElement {
  return (
    <Routes>
      <Route element={<Shell live={live} />}>
        <Route index element={<Home />} />
        <Route path="classrooms/:classroom" element={<For path="/" page={<ClassroomPage />} />} />
        <Route path="groups" element={<For path="/groups" page={<GroupsPage />} />} />
        <Route path="groups/:group" element={<For path="/groups" page={<GroupPage />} />} />
        <Route path="students" element={<For path="/students" page={<StudentsPage />} />} />
        <Route path="students/:studentId" element={<For path="/students" page={<StudentPage />} />} />
        <Route path="devices" element={<For path="/devices" page={<DevicesPage />} />} />
        <Route path="audit" element={<For path="/audit" page={<AuditPage />} />} />
        <Route path="settings" element={<For path="/settings" page={<SettingsPage />} />} />
        <Route path="note" element={<NotePage />} />
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Routes>
  );
}

function Home(): ReactElement {
  const { role } = useSession();
  return mayOpen(role, "/") ? <OverviewPage /> : <Navigate to="/devices" replace />;
}

/** A page that the role may not open looks like one that does not exist. */
function For({ path, page }: { path: string; page: ReactNode }): ReactNode {
  const { role } = useSession();
  return mayOpen(role, path) ? page : <NotFoundPage />;
}
