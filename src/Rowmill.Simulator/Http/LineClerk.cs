using System.Runtime.InteropServices;
using Rowmill.Simulator.Answers;
using Rowmill.Simulator.Batches;
using Rowmill.Simulator.Ledger;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Http;

/// <summary>Answers the requests of batches by the same reader and the same model as any chat.</summary>
internal sealed class LineClerk(ChatEndpoint chat, Desk desk, BatchLedger ledger)
{
    public LineReply Answer(BatchOrder order, BatchLine line, ErrorReply? forced, bool delivered)
    {
        var dialect = order.Form.Dialect;
        var bytes = JsonMarshal.GetRawUtf8Value(line.Body).ToArray();
        if (forced is not null) return LineReply.Refused(dialect, forced, Mix.Hash(bytes));
        var (work, error) = chat.Read(dialect, order.Form.Place(order.Input.Model), order.Key, bytes);
        if (work is null) return LineReply.Refused(dialect, error!, Mix.Hash(bytes));
        var reply = desk.Answer(work);
        if (reply.Bill is not null) ledger.Line(line.Id, work.Question, work.Rows, reply.IsGood && delivered);
        return reply;
    }
}
