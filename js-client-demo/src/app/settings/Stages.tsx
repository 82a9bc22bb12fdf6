import { useStore } from '@nanostores/react';
import { ArrowDown, ArrowUp, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useLive } from '../../hooks';
import type { Stage } from '../../inbox-client';
import { useDeed } from '../rest';
import { IconButton } from '../ui/IconButton';
import { Field } from './Field';
import { Form } from './Form';
import { settingsText } from './text';

const key = ['stages'];

/** The columns of the board. What is changed here, everyone's board shows at once. */
export function Stages() {
  const text = useStore(settingsText);
  const stages = useLive((state) => state.stages);
  const [editing, setEditing] = useState<Stage | 'new' | null>(null);
  const [removing, setRemoving] = useState<Stage | null>(null);
  const add = useDeed(key, (api, body: { name: string; color: string }) =>
    api.POST('/api/stages', { body }),
  );
  const change = useDeed(key, (api, { id, ...body }: { id: string; name: string; color: string }) =>
    api.PATCH('/api/stages/{id}', { params: { path: { id } }, body }),
  );
  const order = useDeed(key, (api, ids: string[]) =>
    api.PUT('/api/stages/order', { body: { stages: ids } }),
  );
  const remove = useDeed(key, (api, { id, to }: { id: string; to: string }) =>
    api.DELETE('/api/stages/{id}', { params: { path: { id }, query: { to } } }),
  );

  function shift(index: number, by: 1 | -1) {
    const ids = stages.map(({ id }) => id);
    const [moved] = ids.splice(index, 1);
    if (moved) ids.splice(index + by, 0, moved);
    order.run(ids);
  }

  return (
    <>
      <ol className="entries">
        {stages.map((stage, index) => (
          <li key={stage.id}>
            <span className="swatch" style={{ background: stage.color }} aria-hidden="true" />
            <div>
              <strong>{stage.name}</strong>
            </div>
            <span className="acts">
              <IconButton
                icon={ArrowUp}
                size={17}
                label={text.up({ name: stage.name })}
                disabled={index === 0}
                onClick={() => shift(index, -1)}
              />
              <IconButton
                icon={ArrowDown}
                size={17}
                label={text.down({ name: stage.name })}
                disabled={index === stages.length - 1}
                onClick={() => shift(index, 1)}
              />
              <button type="button" className="button" onClick={() => setEditing(stage)}>
                {text.edit}
              </button>
              <IconButton
                icon={Trash2}
                size={17}
                label={text.removeStage({ name: stage.name })}
                disabled={stages.length === 1}
                onClick={() => setRemoving(stage)}
              />
            </span>
          </li>
        ))}
      </ol>
      <button type="button" className="button primary" onClick={() => setEditing('new')}>
        {text.add}
      </button>
      {editing && (
        <Form
          heading={editing === 'new' ? text.add : text.edit}
          onSave={({ name = '', color = '' }) =>
            editing === 'new'
              ? add.ask({ name, color })
              : change.ask({ id: editing.id, name, color })
          }
          onClose={() => setEditing(null)}
        >
          <Field
            label={text.name}
            name="name"
            required
            maxLength={60}
            defaultValue={editing === 'new' ? '' : editing.name}
          />
          <Field
            label={text.colour}
            name="color"
            type="color"
            defaultValue={editing === 'new' ? '#0b6b8a' : editing.color}
          />
        </Form>
      )}
      {removing && (
        <Form
          heading={text.removeStage({ name: removing.name })}
          action={text.removeStage({ name: removing.name })}
          onSave={({ to = '' }) => remove.ask({ id: removing.id, to })}
          onClose={() => setRemoving(null)}
        >
          <label>
            {text.cardsGoTo}
            <select name="to">
              {stages
                .filter(({ id }) => id !== removing.id)
                .map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
            </select>
          </label>
        </Form>
      )}
    </>
  );
}
