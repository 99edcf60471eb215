using System.Data;
using Dapper;

namespace Refinery.Kernel.Storage;

/// <summary>Instants are kept as text of fixed width.</summary>
internal sealed class InstantHandler : SqlMapper.TypeHandler<DateTimeOffset>
{
    public override void SetValue(IDbDataParameter parameter, DateTimeOffset value) => parameter.Value = Instant.Format(value);

    public override DateTimeOffset Parse(object value) => Instant.Parse((string)value);
}
